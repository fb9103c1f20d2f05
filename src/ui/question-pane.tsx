import { Box } from 'ink';
import type { ReactElement } from 'react';
import type { Question } from '../ports/operator.ts';
import { ChoiceList } from './choice-list.tsx';
import { bodyHeight, countListed, questionWidth, shareRows, stepsBesideQuestion } from './geometry.ts';
import { questionParts } from './question-rows.ts';
import { blankRow, cutSpan, endsRow, type Row, span, windowRows } from './row.ts';
import { Rows } from './rows.tsx';
import { choicesOf, type Situation } from './screen-state.ts';

/** A question with its three parts and, where there are choices, the list to choose from. */
export function QuestionPane(props: {
  readonly question: Question;
  readonly situation: Situation;
}): ReactElement {
  const { question, situation } = props;
  const { view, state, size } = situation;
  const { asked } = state;
  const width = questionWidth(size);
  const beside = besideRows(situation, width);
  const height = bodyHeight(size) - beside.length;
  if (asked === undefined) return <Rows rows={[]} width={width} height={height} />;
  const parts = questionParts(question, { view, asked, width, height });
  const listed = countListed(question);
  const share = shareRows({ parts, choices: listed, height });
  const seen = windowRows({ rows: parts.body, height: share.body, scroll: asked.scroll });
  const hidden = seen.last - seen.scroll;
  const body = hidden > 0 ? markHidden({ rows: seen.rows, hidden, width }) : seen.rows;
  const rows = [...parts.top, ...body, ...parts.bottom, ...(listed > 0 ? [blankRow] : [])];
  return (
    <Box flexDirection="column" width={width} height={bodyHeight(size)}>
      <Rows rows={rows} width={width} height={Math.min(rows.length, height)} />
      {listed > 0 && (
        <ChoiceList choices={choicesOf(question)} cursor={asked.cursor} width={width} height={share.list} />
      )}
      <Box flexGrow={1} />
      <Rows rows={beside} width={width} height={beside.length} />
    </Box>
  );
}

/** What keeps running while the question waits, where the list of steps is not in sight. */
function besideRows({ view, size }: Situation, width: number): readonly Row[] {
  if (stepsBesideQuestion(size)) return [];
  const asks = view.question?.stepId;
  const running = view.steps.filter((step) => step.status === 'running' && step.id !== asks);
  if (running.length === 0) return [];
  const text = running.map((step) => {
    const progress = view.details[step.id]?.progress[0]?.text;
    return `${step.number} ${step.title}${progress === undefined ? '' : ` ${progress}`}`;
  });
  return [
    [span(' ▸ ', 'now'), cutSpan(`meanwhile: ${text.join('; ')}`, { width: width - 4, tone: 'quiet' })],
  ];
}

/** The last row that is seen says that there is more under it. */
function markHidden(request: {
  readonly rows: readonly Row[];
  readonly hidden: number;
  readonly width: number;
}): readonly Row[] {
  const last = request.rows.at(-1) ?? [];
  const right: Row = [span(`↓ ${request.hidden} more, PgDn `, 'quiet')];
  return [...request.rows.slice(0, -1), endsRow({ left: last, right, width: request.width })];
}
