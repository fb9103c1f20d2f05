import { checkRows, countChecks, orderChecks } from './check-rows.ts';
import { helpRows } from './help-rows.ts';
import { leaveRows } from './leave-rows.ts';
import { outputRow } from './output-window.ts';
import { progressRows } from './progress-rows.ts';
import { resultRows, resultTitle } from './result-rows.ts';
import { blankRow, lines, paragraph, type Row, span, textRow } from './row.ts';
import { type OverlayKind, type Situation, shownStepId } from './screen-state.ts';

export type Page = { readonly title: string; readonly rows: readonly Row[] };

/** What covers the walk for a moment: help, the command log, one whole step, the question before leaving. */
export function overlayPage(kind: OverlayKind, situation: Situation): Page {
  switch (kind) {
    case 'help':
      return helpRows(situation);
    case 'leave':
      return leaveRows(situation);
    case 'commands':
      return commandLogPage(situation);
    case 'whole-step':
      return wholeStepPage(situation);
    case 'result':
      return { title: resultTitle(situation.view), rows: resultRows(situation) };
  }
}

function commandLogPage({ view, size }: Situation): Page {
  const width = size.columns - 2;
  const rows = view.steps.flatMap((step): readonly Row[] => {
    const commands = view.details[step.id]?.commands ?? [];
    if (commands.length === 0) return [];
    return [
      [span(` ${step.number} ${step.title}`, 'strong')],
      ...commands.flatMap((command) => paragraph({ text: command, width, prefix: [span('   $ ', 'quiet')] })),
      blankRow,
    ];
  });
  const none = textRow(' No step has named its commands yet.', 'quiet');
  return { title: 'Commands of all steps, as they run', rows: rows.length > 0 ? rows : [none] };
}

/** The whole file opens with l; this page keeps to what a person pages through. */
const outputRowsHere = 500;

function wholeStepPage(situation: Situation): Page {
  const { view, size } = situation;
  const id = shownStepId(situation.state, view);
  const step = view.steps.find((row) => row.id === id);
  const detail = id === undefined ? undefined : view.details[id];
  if (step === undefined || detail === undefined)
    return { title: 'Step', rows: [textRow(' Nothing is known yet.')] };
  const width = size.columns - 2;
  const indent: Row = [span(' ')];
  const { failure } = detail;
  const rows: Row[] = [
    ...detail.sentences.flatMap((text) => paragraph({ text, width, prefix: indent })),
    ...detail.commands.flatMap((text) => paragraph({ text, width, prefix: [span(' $ ', 'quiet')] })),
  ];
  if (failure !== undefined) {
    rows.push(blankRow, ...paragraph({ text: failure.message, width, prefix: [span(' ✗ failed  ', 'bad')] }));
    rows.push(...paragraph({ text: failure.remedy, width, prefix: [span(' → ', 'strong')], tone: 'strong' }));
    if (failure.detail !== undefined) {
      rows.push(
        ...lines({ text: failure.detail, width: width - 2, tone: 'quiet' }).map((row) => [
          span('   '),
          ...row,
        ]),
      );
    }
  }
  if (detail.progress.length > 0) {
    rows.push(blankRow);
    rows.push(
      ...progressRows({ progress: detail.progress, width: width - 1 }).map((row) => [span(' '), ...row]),
    );
  }
  if (detail.checks.length > 0) {
    rows.push(blankRow, textRow(` ${countChecks(detail.checks)}`, 'strong'));
    rows.push(...checkRows({ checks: orderChecks(detail.checks), width, indent: ' ' }));
  }
  rows.push(
    blankRow,
    ...paragraph({ text: detail.outputPath, width, prefix: [span(' output  ', 'strong')], tone: 'quiet' }),
  );
  const printed = detail.output.slice(-outputRowsHere);
  rows.push(
    ...printed.map((line) => [span(' '), ...outputRow({ line, width, search: situation.state.search })]),
  );
  return { title: `${step.number} of ${view.steps.length}  ${step.title}`, rows };
}
