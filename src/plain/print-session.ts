import type { Session, View } from '../session/view.ts';
import type { Clock } from './clock.ts';
import { linesBetween } from './lines-between.ts';
import { type PlainLine, stepFields } from './plain-line.ts';
import { printJsonLine, printLine } from './print-line.ts';

/** A word after ten seconds of silence, and after two minutes one each minute. */
const firstSilenceMs = 10_000;
const longSilenceMs = 60_000;
const longStepMs = 120_000;

type Printing = {
  /** Prints what is left and stops listening. */
  stop(): void;
  /** Resolves when the end of the run has been printed, or after `stop`. */
  readonly ended: Promise<void>;
};

/** The run as lines: everything that is already known at once, then each change as it comes. */
export function printSession(request: {
  readonly session: Session;
  readonly write: (text: string) => void;
  readonly format: 'plain' | 'json';
  readonly clock: Clock;
  /** Somebody types the answers here: what steps print meanwhile comes after the answer, and not between its letters. */
  readonly heldWhileAsked?: boolean;
}): Printing {
  const { session, write, format, clock } = request;
  const { promise, resolve } = Promise.withResolvers<void>();
  const lastWord = new Map<string, number>();
  let seen: View | undefined;
  const print = (lines: readonly PlainLine[]) => {
    const texts = format === 'json' ? lines.map(printJsonLine) : lines.flatMap(printLine);
    if (texts.length > 0) write(`${texts.join('\n')}\n`);
    for (const line of lines) if ('step' in line) lastWord.set(line.step, session.view().nowMs);
  };
  const hold = request.heldWhileAsked === true ? holdOutput() : (lines: readonly PlainLine[]) => lines;
  const look = () => {
    const now = session.view();
    print(hold(linesBetween(seen, now), now));
    seen = now;
    if (now.phase === 'finished' || now.phase === 'stopped') resolve();
  };
  const beat = () => print(heartbeats(session.view(), lastWord));
  const unsubscribe = session.subscribe(look);
  const quiet = clock.every(1000, beat);
  look();
  return {
    ended: promise,
    stop() {
      look();
      unsubscribe();
      quiet();
      resolve();
    },
  };
}

/** Steps that work in silence: not dead, only quiet. While a question is open, the silence is the operator's. */
function heartbeats(view: View, lastWord: ReadonlyMap<string, number>): readonly PlainLine[] {
  const { nowMs } = view;
  return view.steps.flatMap((step): readonly PlainLine[] => {
    if (step.status !== 'running' || view.question?.stepId === step.id) return [];
    const durationMs = step.startedAtMs === undefined ? (step.durationMs ?? 0) : nowMs - step.startedAtMs;
    const silenceMs = nowMs - (lastWord.get(step.id) ?? nowMs);
    if (silenceMs < (durationMs > longStepMs ? longSilenceMs : firstSilenceMs)) return [];
    const progress = (view.details[step.id]?.progress ?? []).map((bar) => `${bar.label} ${bar.text}`);
    return [{ type: 'heartbeat', ...stepFields(view, step), atMs: nowMs, durationMs, progress }];
  });
}

/** Held while a question is open, per run: more than this is in the steps' own output files only. */
const maxHeld = 2000;

/** @returns a sieve for each batch of lines: output waits while a question is open, everything else passes. */
function holdOutput(): (lines: readonly PlainLine[], view: View) => readonly PlainLine[] {
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
