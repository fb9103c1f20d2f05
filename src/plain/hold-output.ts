import type { View } from '../session/view.ts';
import type { PlainLine } from './plain-line.ts';

/** Held while a question is open, per run: more than this is in the steps' own output files only. */
const maxHeld = 2000;

/** @returns a sieve for each batch of lines: output waits while a question is open, everything else passes. */
export function holdOutput(): (lines: readonly PlainLine[], view: View) => readonly PlainLine[] {
  let held: PlainLine[] = [];
  let dropped = 0;
  return (lines, view) => {
    const isAsked = lines.some((line) => line.type === 'question');
    if (view.question !== undefined && !isAsked) {
      held.push(...lines.filter((line) => line.type === 'output'));
      dropped += Math.max(0, held.length - maxHeld);
      held = held.slice(-maxHeld);
      return lines.filter((line) => line.type !== 'output');
    }
    const late = [...leftOut(dropped, view), ...held];
    held = [];
    dropped = 0;
    return [...late, ...lines];
  };
}

function leftOut(count: number, view: View): readonly PlainLine[] {
  if (count === 0) return [];
  const text = `${count} lines that steps printed while a question was open are in their output files only.`;
  return [{ type: 'note', mode: view.mode, atMs: view.nowMs, text }];
}
