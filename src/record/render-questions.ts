import type { JournalEntry } from '../journal/entry.ts';
import type { RunState } from '../journal/run-state.ts';
import type { DrillRecord, QuestionRecord } from './record-schema.ts';

export function renderQuestions(entries: readonly JournalEntry[]): readonly QuestionRecord[] {
  const questions: QuestionRecord[] = [];
  for (const entry of entries) {
    if (entry.kind === 'question-asked') {
      const { questionId: id, title, stepId, at } = entry;
      questions.push({ id, ...(stepId === undefined ? {} : { stepId }), title, askedAt: at });
    } else if (entry.kind === 'question-answered') {
      const index = questions.findLastIndex(
        (one) => one.id === entry.questionId && one.answeredAt === undefined,
      );
      const asked = questions[index];
      if (asked === undefined) continue;
      const { at, value, note, by } = entry;
      questions[index] = {
        ...asked,
        answeredAt: at,
        answer: value,
        by,
        ...(note === undefined ? {} : { note }),
      };
    }
  }
  return questions;
}

type Span = { readonly fromMs: number; readonly toMs: number };

/** How much of a span of time went into waiting for answers. Questions may overlap; no moment counts twice. */
export function waitedWithin(questions: readonly QuestionRecord[], within: Span): number {
  const waits = questions
    .flatMap(({ askedAt, answeredAt }) =>
      answeredAt === undefined ? [] : [{ fromMs: Date.parse(askedAt), toMs: Date.parse(answeredAt) }],
    )
    .sort((a, b) => a.fromMs - b.fromMs);
  let waitedMs = 0;
  let countedToMs = within.fromMs;
  for (const { fromMs, toMs } of waits) {
    const endMs = Math.min(toMs, within.toMs);
    waitedMs += Math.max(0, endMs - Math.max(fromMs, countedToMs));
    countedToMs = Math.max(countedToMs, endMs);
  }
  return waitedMs;
}

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
