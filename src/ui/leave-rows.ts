import { formatDuration } from '../base/units.ts';
import { blankRow, paragraph, type Row, span } from './row.ts';
import type { Situation } from './screen-state.ts';

/** Before leaving: what keeps running without the screen, and what a second Ctrl+C does. */
export function leaveRows({ view, state, size }: Situation): {
  readonly title: string;
  readonly rows: readonly Row[];
} {
  const width = size.columns - 2;
  const say = (text: string): readonly Row[] => paragraph({ text, width, prefix: [span(' ')] });
  const running = view.steps.filter((step) => step.status === 'running');
  const runningRows = running.map(
    (step): Row => [
      span('   ▸ ', 'now'),
      span(`${step.number} ${step.title}`, 'strong'),
      span(`  now ${formatDuration(step.durationMs ?? 0)}`, 'quiet'),
    ],
  );
  const now: readonly Row[] =
    running.length > 0
      ? [...say('In hand, and it keeps running without the screen:'), ...runningRows]
      : say(
          view.question === undefined
            ? 'No step is in hand right now.'
            : 'No step is in hand; a question waits for its answer.',
        );
  const key = (shown: string, text: string): readonly Row[] =>
    paragraph({ text, width, prefix: [span(`   ${shown.padEnd(8)}`, 'key')] });
  const stop = state.stopAsked
    ? key('Ctrl+C', 'A stop is already asked for: the run ends at its next safe point.')
    : key(
        'Ctrl+C',
        'Pressed again, stops the run at its next safe point. Nothing is cut off; it can be resumed.',
      );
  return {
    title: 'Leave the screen?',
    rows: [
      ...now,
      blankRow,
      ...key(
        'y',
        'Leaves the screen. The run goes on and everything is written to its journal and output files.',
      ),
      ...stop,
      ...key('esc', 'Stays here; nothing happens.'),
    ],
  };
}
