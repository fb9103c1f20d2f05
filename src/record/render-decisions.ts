import type { RunState } from '../journal/run-state.ts';
import type { DrillRecord, QuestionRecord } from './drill-record.ts';

/** What was decided at the table, how long it took, and what was found to be missing. */
export function renderDecisions(
  state: RunState,
  questions: readonly QuestionRecord[],
): DrillRecord['decisions'] {
  if (state.start.mode !== 'tabletop') return [];
  const injects = state.start.exercise?.injects ?? [];
  return questions.flatMap(({ id, stepId, answer, note, askedAt, answeredAt }) => {
    if (stepId === undefined || answer === undefined || answeredAt === undefined) return [];
    const number = /\.inject-(\d+)$/.exec(id)?.[1];
    const inject = number === undefined ? undefined : injects[Number(number) - 1]?.text;
    return [
      {
        stepId,
        ...(inject === undefined ? {} : { inject }),
        decision: answer,
        ...(note === undefined ? {} : { note }),
        tookMs: Date.parse(answeredAt) - Date.parse(askedAt),
        gap: answer === 'gap',
      },
    ];
  });
}
