import { formatDuration } from '../base/units.ts';
import type { StepRow, View } from '../session/view.ts';
import { statusWords } from '../session/words.ts';
import { padText } from './cells.ts';
import { type Row, span } from './row.ts';
import { statusSigns } from './theme.ts';

export function stepListWidth(columns: number): number {
  return Math.min(46, Math.max(30, Math.round(columns * 0.44)));
}

/** done  0:21 · now  5:34 · failed. A pending step says nothing: its place in the list says it. */
function describeStatus(step: StepRow, width: number): string {
  if (step.status === 'pending') return '';
  const timed = step.status === 'passed' || step.status === 'running';
  if (!timed || step.durationMs === undefined) return statusWords[step.status];
  const expected =
    step.expected === undefined || width < roomForExpected
      ? ''
      : ` of ${formatDuration(step.expected.durationMs)}`;
  return `${statusWords[step.status]} ${formatDuration(step.durationMs).padStart(5)}${expected}`;
}

/** From this width of the list on, what was planned stands beside what it took. */
const roomForExpected = 40;

/** The list of steps, cut around the one looked at where it is longer than the pane. */
export function stepListRows(request: {
  readonly view: View;
  readonly shownId: string | undefined;
  readonly width: number;
  readonly height: number;
}): readonly Row[] {
  const { view, width, height } = request;
  const numberWidth = String(view.steps.length).length;
  const statusWidth = Math.max(10, ...view.steps.map((step) => describeStatus(step, width).length));
  const titleWidth = width - numberWidth - statusWidth - 6;
  const rows = view.steps.map((step): Row => {
    const sign = statusSigns[step.status];
    const shown = step.id === request.shownId;
    const loud = shown || step.status === 'running' ? 'strong' : 'plain';
    return [
      span(shown ? '›' : ' ', 'strong'),
      span(sign.symbol, sign.tone),
      span(` ${String(step.number).padStart(numberWidth)} `, 'quiet'),
      span(padText(step.title, titleWidth), step.status === 'pending' && !shown ? 'quiet' : loud),
      span(
        ` ${describeStatus(step, width).padStart(statusWidth)} `,
        step.status === 'passed' ? 'quiet' : sign.tone,
      ),
    ];
  });
  return cutAround({ rows, at: view.steps.findIndex((step) => step.id === request.shownId), height });
}

function cutAround(request: {
  readonly rows: readonly Row[];
  readonly at: number;
  readonly height: number;
}): readonly Row[] {
  const { rows, height } = request;
  if (rows.length <= height) return rows;
  const room = Math.max(1, height - 2);
  const first = Math.min(Math.max(0, request.at - Math.floor(room / 2)), rows.length - room);
  const before = first;
  const after = rows.length - first - room;
  return [
    [span(before > 0 ? `   ↑ ${before} more` : '', 'quiet')],
    ...rows.slice(first, first + room),
    [span(after > 0 ? `   ↓ ${after} more` : '', 'quiet')],
  ];
}
