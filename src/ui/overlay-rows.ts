import { formatDuration } from '../base/units.ts';
import { aloneWords, countChecks, orderChecks, resultTitle, stopAskedWords } from '../session/words.ts';
import { cellWidth, padText } from './cells.ts';
import { checkRows } from './check-rows.ts';
import { nameOfKey } from './key-binding.ts';
import { keymap } from './keymap.ts';
import { outputRow } from './output-window.ts';
import { progressRows } from './progress-rows.ts';
import { resultRows } from './result-rows.ts';
import { blankRow, lines, paragraph, type Row, span, textRow } from './row.ts';
import { type OverlayKind, type Situation, shownStepId } from './screen-state.ts';
import { type Where, whereNow } from './where-now.ts';

export type Page = { readonly title: string; readonly rows: readonly Row[] };

/** What covers the walk for a moment: help, the command log, one whole step, the question before leaving. */
export function overlayPage(kind: OverlayKind, situation: Situation): Page {
  switch (kind) {
    case 'help':
      return helpPage(situation);
    case 'leave':
      return leavePage(situation);
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
    if (failure.code !== undefined) rows.push([span(`   more: thaw explain ${failure.code}`, 'quiet')]);
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

const placeNames: Readonly<Record<Where, string>> = {
  'too-small': 'a terminal that is too small',
  entry: 'typing',
  leave: 'leaving',
  overlay: 'a page over the walk',
  finished: 'the end',
  preflight: 'the checks before the walk',
  walk: 'the walk',
  reading: 'a run to look at',
  choose: 'a question with choices',
  failure: 'a step that failed',
  'choose-row': 'a table to choose from',
  'type-name': 'a name to type',
  confirm: 'a question with yes and no',
  attest: 'a check made by a person',
};

/** Every key that works where one was when the help was asked for; those that do nothing right now say why. */
function helpPage(situation: Situation): Page {
  const { overlay: _help, ...state } = situation.state;
  const under: Situation = { ...situation, state };
  const where = whereNow(under);
  const keys = keymap[where];
  const width = situation.size.columns - 2;
  const keyColumn = Math.max(...keys.map((key) => cellWidth(key.shown)));
  const nameColumn = Math.max(...keys.map((key) => cellWidth(nameOfKey(key, under))));
  const rows = keys.flatMap((key): readonly Row[] => {
    const reason = key.unless?.(under);
    const tone = reason === undefined ? 'plain' : 'quiet';
    const prefix: Row = [
      span(` ${padText(key.shown, keyColumn)}  `, reason === undefined ? 'key' : 'quiet'),
      span(`${padText(nameOfKey(key, under), nameColumn)}  `, tone),
    ];
    const text = reason === undefined ? key.does : `${key.does} Not now: ${reason}.`;
    return paragraph({ text, width, prefix, tone });
  });
  const signs: Row = [
    span(' '),
    span('✓', 'good'),
    span(' done  ▸ now  '),
    span('✗', 'bad'),
    span(' failed  – skipped  '),
    span('?', 'unsure'),
    span(' could not verify, or interrupted'),
  ];
  return { title: `Keys: ${placeNames[where]}`, rows: [...rows, blankRow, signs] };
}

/** Before leaving: what becomes of the run without the screen, and what a second Ctrl+C does. */
function leavePage({ view, state, size }: Situation): Page {
  const width = size.columns - 2;
  const say = (text: string): readonly Row[] => paragraph({ text, width, prefix: [span(' ')] });
  const running = view.steps.filter(({ id, status }) => status === 'running' && view.question?.stepId !== id);
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
      : say('No step is in hand right now.');
  const key = (shown: string, text: string): readonly Row[] =>
    paragraph({ text, width, prefix: [span(`   ${shown.padEnd(8)}`, 'key')] });
  const stop = state.stopAsked
    ? key('Ctrl+C', stopAskedWords)
    : key(
        'Ctrl+C',
        'Pressed again, stops the run at its next safe point. Nothing is cut off; it can be resumed.',
      );
  return {
    title: 'Leave the screen?',
    rows: [
      ...now,
      blankRow,
      ...key('y', `Leaves the screen. The run is a process of its own, and ${aloneWords(view)}`),
      ...stop,
      ...key('esc', 'Stays here; nothing happens.'),
    ],
  };
}
