import { cleanText } from '../base/clean-text.ts';
import type { Question } from '../ports/operator.ts';
import { attestations, closedWords, noWords, placeWords } from '../session/question-words.ts';
import type { StepDetail, View } from '../session/view.ts';
import { cellWidth, cutTextStart, padText } from './cells.ts';
import { blankRow, cutSpan, endsRow, paragraph, type Row, rowWidth, span } from './row.ts';
import type { AskedState } from './screen-state.ts';
import { filterRows, tableRows } from './table-rows.ts';

/** A question in three parts: the middle scrolls when there is too little room, the others never move. */
export type QuestionParts = {
  readonly top: readonly Row[];
  readonly body: readonly Row[];
  readonly bottom: readonly Row[];
};

type Request = {
  readonly view: View;
  readonly asked: AskedState;
  readonly width: number;
  readonly height: number;
};

type Of<Kind extends Question['kind']> = Extract<Question, { kind: Kind }>;

export function questionParts(question: Question, request: Request): QuestionParts {
  const title = titleRows(question, request);
  const said = question.body.flatMap((text) =>
    paragraph({ text, width: request.width - 1, prefix: [span(' ')] }),
  );
  const spaced = said.length > 0 ? [blankRow, ...said] : [];
  switch (question.kind) {
    case 'choose':
      return { top: title, body: spaced, bottom: [] };
    case 'choose-row': {
      const top = [...title, ...said, blankRow];
      return { top, ...tableParts(question, { ...request, height: request.height - top.length }) };
    }
    case 'type-name':
      return {
        top: title,
        body: [...spaced, blankRow, ...factRows(question, request.width)],
        bottom: typedRows(question, request),
      };
    case 'confirm':
      return {
        top: title,
        body: spaced,
        bottom: answerKeys([
          ['y', question.verb],
          ['n', noWords],
        ]),
      };
    case 'attest':
      return {
        top: title,
        body: spaced,
        bottom: answerKeys([
          ...attestations.map(({ value, means }) => [value.charAt(0), `${value}: ${means}`] as const),
        ]),
      };
    case 'failure':
      return { top: title, body: [...spaced, ...failureRows(question, request)], bottom: [] };
  }
}

function titleRows(question: Question, { view, width }: Request): readonly Row[] {
  const step = view.steps.find((row) => row.id === question.stepId);
  const failed = question.kind === 'failure';
  const place: Row = step === undefined ? [] : [span(`${placeWords(step, view)} `, 'quiet')];
  const rows = paragraph({
    text: question.title,
    width: width - rowWidth(place) - 2,
    prefix: failed ? [span(' '), span('✗ ', 'bad')] : [span(' ')],
    tone: failed ? 'bad' : 'strong',
  });
  return rows.map((row, index) => (index === 0 ? endsRow({ left: row, right: place, width }) : row));
}

function tableParts(question: Of<'choose-row'>, request: Request): Pick<QuestionParts, 'body' | 'bottom'> {
  const { asked, width } = request;
  const left = filterRows(question, asked.rowFilter);
  const row = left.find((one) => one.value === asked.cursor);
  const about = row === undefined ? '' : (question.about[row.value] ?? '');
  const text = row?.disabledBecause === undefined ? about : `${closedWords(row)} ${about}`;
  const sign: Row = row?.marked === true ? [span(' ★ ', 'good')] : [span(' ')];
  const bottom: readonly Row[] = [
    blankRow,
    ...paragraph({ text: text.trim(), width: width - 1, prefix: sign, tone: 'strong' }).slice(0, 4),
    ...filterNote({ question, filter: asked.rowFilter, left: left.length }),
  ];
  const height = Math.max(2, request.height - bottom.length);
  return {
    body: tableRows({ question, filter: asked.rowFilter, cursor: asked.cursor, width, height }),
    bottom,
  };
}

function filterNote(request: {
  readonly question: Of<'choose-row'>;
  readonly filter: string;
  readonly left: number;
}): readonly Row[] {
  if (request.filter === '') return [];
  const text = ` ${request.left} of ${request.question.rows.length} rows contain “${cleanText(request.filter)}”`;
  return [[span(text, 'quiet')]];
}

function factRows(question: Of<'type-name'>, width: number): readonly Row[] {
  const column = Math.max(0, ...question.facts.map((fact) => cellWidth(fact.label)));
  return question.facts.flatMap((fact) =>
    paragraph({
      text: fact.value,
      width: width - 1,
      prefix: [span(`   ${padText(fact.label, column)}   `, 'quiet')],
    }),
  );
}

function typedRows(question: Of<'type-name'>, { asked, width }: Request): readonly Row[] {
  const { instead } = question;
  const matches = asked.typed === question.name;
  const insteads = instead !== undefined && asked.typed === instead.value;
  const label = ' Type it here:  ';
  const typed = cutTextStart(asked.typed, Math.max(8, width - label.length - 2));
  const state: Row =
    matches || insteads
      ? [
          span(' ✓ ', 'good'),
          span(
            matches ? `the name matches: enter ${question.verb}s` : `enter ${instead?.label ?? ''}`,
            'strong',
          ),
        ]
      : [
          span('   '),
          span(
            asked.typed === ''
              ? 'nothing typed yet: enter does nothing'
              : 'not this name yet: enter does nothing',
            'quiet',
          ),
        ];
  return [
    blankRow,
    [
      span(` To ${question.verb}, type the exact name  `),
      cutSpan(question.name, { width: width - 36, tone: 'strong' }),
    ],
    ...(instead === undefined ? [] : [[span(` ${instead.value}  ${instead.label}`, 'quiet')]]),
    blankRow,
    [span(label), span(typed, 'strong'), span('█', 'cursor')],
    state,
  ];
}

function failureRows(question: Of<'failure'>, { view, width }: Request): readonly Row[] {
  const printed = question.lastLines.map(
    (line): Row => [span(' │ ', 'line'), cutSpan(line, { width: width - 4, tone: 'quiet' })],
  );
  return [
    ...(printed.length > 0 ? [blankRow, ...printed] : []),
    blankRow,
    ...paragraph({
      text: question.remedy,
      width: width - 1,
      prefix: [span(' → ', 'strong')],
      tone: 'strong',
    }),
    ...outputPathRows({ detail: view.details[question.stepId ?? ''], width }),
  ];
}

/** Where all of the output is, for whoever reads it elsewhere; l opens it here. */
function outputPathRows(of: {
  readonly detail: StepDetail | undefined;
  readonly width: number;
}): readonly Row[] {
  if (of.detail === undefined || of.detail.output.length === 0) return [];
  const prefix: Row = [span(' all output  ', 'quiet')];
  return paragraph({ text: of.detail.outputPath, width: of.width - 1, prefix, tone: 'quiet' });
}

function answerKeys(keys: readonly (readonly [string, string])[]): readonly Row[] {
  return [blankRow, ...keys.map(([key, does]): Row => [span(`   ${key}`, 'key'), span(`  ${does}`)])];
}
