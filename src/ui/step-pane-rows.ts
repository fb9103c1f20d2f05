import type { ProgressView, StepDetail, StepRow, View } from '../session/view.ts';
import { attemptWords, expectedWords, orderChecks, statusWords } from '../session/words.ts';
import { checkRows } from './check-rows.ts';
import { describeOutput, type OutputRequest, outputRow, windowOutput } from './output-window.ts';
import { barSpans, progressRows } from './progress-rows.ts';
import { blankRow, cutSpan, endsRow, lines, paragraph, type Row, rowWidth, span } from './row.ts';
import type { ScreenState } from './screen-state.ts';
import { statusSigns } from './theme.ts';

type StepPane = {
  readonly rows: readonly Row[];
  /** How the output part was rendered: scrolling needs its height. Absent where there is no output. */
  readonly output?: OutputRequest;
};

type PaneRequest = {
  readonly view: View;
  readonly state: ScreenState;
  readonly stepId: string | undefined;
  readonly width: number;
  readonly height: number;
};

const leastOutputRows = 5;

/** Longer lines are hard to read, however wide the terminal is. */
const widestText = 100;

/** The step looked at: what it does, how far it is, what was checked, and what it prints. */
export function stepPane(request: PaneRequest): StepPane {
  const { view, width, height } = request;
  const step = view.steps.find((row) => row.id === request.stepId);
  if (step === undefined) return { rows: [[span('There is no step to show.', 'quiet')]] };
  const detail = view.details[step.id];
  const title = titleRows({ step, of: view.steps.length, width });
  if (detail === undefined) return { rows: title };
  const printed = detail.output.length > 0;
  const headRoom = Math.max(
    3,
    printed ? height - 2 - Math.min(leastOutputRows, detail.output.length) : height,
  );
  const head = fitHead({ blocks: headBlocks(request, detail), room: headRoom - title.length });
  const top = [...title, ...head];
  if (!printed) return { rows: top };
  const output: OutputRequest = {
    output: detail.output,
    filter: request.state.filter,
    search: request.state.search,
    ...(request.state.heldAt === undefined ? {} : { heldAt: request.state.heldAt }),
    height: Math.max(1, height - top.length - 2),
  };
  const seen = windowOutput(output).shown;
  return {
    output,
    rows: [
      ...top,
      blankRow,
      [span('output ', 'strong'), cutSpan(describeOutput(output), { width: width - 7, tone: 'quiet' })],
      ...seen.map((line) => outputRow({ line, width, search: request.state.search })),
    ],
  };
}

/** What was planned stands beside the title where there is room, and under it where there is none. */
function titleRows(request: {
  readonly step: StepRow;
  readonly of: number;
  readonly width: number;
}): readonly Row[] {
  const { step, width } = request;
  const sign = statusSigns[step.status];
  const left: Row = [span(`${step.number} of ${request.of}  `, 'quiet'), span(step.title, 'strong')];
  const status = span(
    `${sign.symbol} ${statusWords[step.status]}${attemptWords(step)}`.trimStart(),
    sign.tone,
  );
  const known = expectedWords(step);
  const expected: Row = known === undefined ? [] : [span(known.words, known.isOver ? 'unsure' : 'quiet')];
  const beside = [...expected, ...(expected.length > 0 ? [span('  ')] : []), status];
  const fits = rowWidth(left) + rowWidth(beside) + 2 <= width;
  if (fits || expected.length === 0) return [endsRow({ left, right: beside, width })];
  return [endsRow({ left, right: [status], width }), expected];
}

/** In order of what may be shortened last: the failure and the bars never are. */
type HeadBlocks = {
  readonly words: readonly Row[];
  readonly commands: readonly Row[];
  readonly urgent: readonly Row[];
  readonly checks: readonly Row[];
  readonly elsewhere: readonly Row[];
};

function headBlocks(request: PaneRequest, detail: StepDetail): HeadBlocks {
  const { width } = request;
  const failure = detail.failure;
  const failed: readonly Row[] =
    failure === undefined
      ? []
      : [
          ...paragraph({ text: failure.message, width, prefix: [span('✗ failed  ', 'bad')] }),
          ...paragraph({ text: failure.remedy, width, prefix: [span('→ ', 'strong')], tone: 'strong' }),
        ];
  const bars = progressRows({ progress: detail.progress, width });
  const checks = checkRows({ checks: orderChecks(detail.checks), width });
  const gap = (rows: readonly Row[]) => (rows.length > 0 ? [blankRow, ...rows] : []);
  return {
    words: detail.sentences.flatMap((text) => lines({ text, width: Math.min(width, widestText) })),
    commands: detail.commands.map((command) => [
      span('$ ', 'quiet'),
      cutSpan(command, { width: width - 2, tone: 'quiet' }),
    ]),
    urgent: [...gap(failed), ...gap(bars)],
    checks: gap(checks),
    elsewhere: gap(elsewhereRows(request)),
  };
}

/** The other steps in hand, one row each: work side by side stays in sight. */
function elsewhereRows({ view, stepId, width }: PaneRequest): readonly Row[] {
  const others = view.steps.filter(
    (step) => step.id !== stepId && step.status === 'running' && view.inHand.includes(step.id),
  );
  return others.flatMap((step): readonly Row[] => {
    const bars = view.details[step.id]?.progress ?? [];
    const first = bars[0];
    const name = cutSpan(`${step.number} ${step.title}`, { width: Math.max(12, width - 28) });
    const row: Row = [span('▸ ', 'now'), span('also '), name, span('  '), ...briefBar(first)];
    const stalled = bars.find((bar) => bar.stalled !== undefined)?.stalled;
    return stalled === undefined
      ? [row]
      : [row, ...paragraph({ text: stalled, width, prefix: [span('  ? ', 'unsure')], tone: 'unsure' })];
  });
}

function briefBar(bar: ProgressView | undefined): Row {
  if (bar === undefined) return [];
  if (bar.fraction === undefined) return [span(bar.text)];
  return [...barSpans(bar.fraction, 12), span(` ${Math.floor(bar.fraction * 100 + 1e-9)} %`)];
}

/** Words and commands are shortened first, then the checks; what failed, the bars and the other steps stay. */
function fitHead(request: { readonly blocks: HeadBlocks; readonly room: number }): readonly Row[] {
  const { words, commands, urgent, checks } = request.blocks;
  const all = [...words, ...commands, ...urgent, ...checks, ...request.blocks.elsewhere];
  if (all.length <= request.room) return all;
  // The list beside it still shows the other steps in hand where there is no row for them here.
  const room = request.room - urgent.length - request.blocks.elsewhere.length;
  const elsewhere = room > 2 ? request.blocks.elsewhere : [];
  const free = Math.max(1, request.room - urgent.length - elsewhere.length - 1);
  const lead = [...words.slice(0, 2), ...commands.slice(0, 1)].slice(0, free);
  const kept = [...lead, ...urgent, ...checks.slice(0, Math.max(0, free - lead.length))];
  const left = all.length - kept.length - elsewhere.length;
  return [...kept, [span(`… ${left} more rows: enter shows the whole step`, 'quiet')], ...elsewhere];
}
