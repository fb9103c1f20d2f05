import { cancelledFailure } from '../base/cancelled-failure.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { type Redact, redactDeep } from '../base/secret.ts';
import type { JournalWriter } from '../engine/journal-writer.ts';
import type { Answer, Question } from '../ports/operator.ts';

/**
 * Where questions wait for their answer. Steps may run side by side, but a person is asked one thing at a time. Question and
 * answer are facts; the answer is durable before the step hears it.
 */
export type QuestionDesk = {
  /** The signal takes the question back: whoever asked it has no use for the answer any more. */
  ask(question: Question, signal?: AbortSignal): Promise<Outcome<Answer>>;
  open(): Question | undefined;
  answer(questionId: string, answer: Answer): void;
  /** Nobody can answer it: the step hears why instead. */
  decline(questionId: string, failure: Failure): void;
  declineAll(failure: Failure): void;
};

type Waiting = { readonly question: Question; readonly settle: (outcome: Outcome<Answer>) => void };

export function createQuestionDesk(request: {
  readonly journal: JournalWriter;
  readonly redact: Redact;
  readonly onChange: () => void;
}): QuestionDesk {
  const waiting: Waiting[] = [];
  let closedBecause: Failure | undefined;

  function settleFirst(questionId: string, outcome: Outcome<Answer>) {
    const first = waiting[0];
    if (first?.question.id === questionId) settleOne(first, outcome);
  }

  function settleOne(one: Waiting, outcome: Outcome<Answer>) {
    const index = waiting.indexOf(one);
    if (index === -1) return;
    waiting.splice(index, 1);
    request.onChange();
    one.settle(outcome);
  }

  function waitForAnswer(question: Question, signal: AbortSignal | undefined): Promise<Outcome<Answer>> {
    return new Promise((settle) => {
      if (closedBecause !== undefined) return settle(fail(closedBecause));
      const takeBack = () =>
        settleOne(one, fail(cancelledFailure(`wait for the answer to "${question.title}"`)));
      const one: Waiting = {
        question: redactQuestion(question, request.redact),
        settle: (outcome) => {
          signal?.removeEventListener('abort', takeBack);
          settle(outcome);
        },
      };
      waiting.push(one);
      if (signal?.aborted) return takeBack();
      signal?.addEventListener('abort', takeBack);
      request.onChange();
    });
  }

  return {
    async ask(question, signal) {
      const { id: questionId, title, stepId } = question;
      const about = { questionId, ...(stepId === undefined ? {} : { stepId }) };
      if (closedBecause !== undefined) return fail(closedBecause);
      await request.journal.append({ kind: 'question-asked', ...about, title });
      const outcome = await waitForAnswer(question, signal);
      if (!outcome.ok) return outcome;
      const { value, note, by } = outcome.value;
      await request.journal.append({
        kind: 'question-answered',
        ...about,
        value,
        by,
        ...(note ? { note } : {}),
        ...(question.kind === 'type-name' && value === question.name ? { named: true } : {}),
      });
      return outcome;
    },
    open: () => waiting[0]?.question,
    answer: (questionId, answer) => settleFirst(questionId, succeed(answer)),
    decline: (questionId, failure) => settleFirst(questionId, fail(failure)),
    declineAll(failure) {
      closedBecause = failure;
      for (const { settle } of waiting.splice(0)) settle(fail(failure));
      request.onChange();
    },
  };
}

/** What an answer is compared with, and what programs go by; masking it would make the question unanswerable. */
const names: ReadonlySet<string> = new Set(['kind', 'id', 'stepId', 'value', 'name', 'preferred']);

function redactQuestion(question: Question, redact: Redact): Question {
  const clean = redactDeep(question, { redact, names });
  // The facts of the dangerous question are shown, never compared.
  if (question.kind !== 'type-name' || clean.kind !== 'type-name') return clean;
  return { ...clean, facts: redactDeep(question.facts, { redact }) };
}
