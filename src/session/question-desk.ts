import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { type Redact, redactDeep } from '../base/secret.ts';
import type { JournalWriter } from '../engine/journal-writer.ts';
import type { Answer, Question } from '../ports/operator.ts';

/**
 * Where questions wait for their answer. Steps may run side by side, but a person is asked one thing at a time. Question and
 * answer are facts; the answer is durable before the step hears it.
 */
export type QuestionDesk = {
  ask(question: Question): Promise<Outcome<Answer>>;
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
    if (first?.question.id !== questionId) return;
    waiting.shift();
    request.onChange();
    first.settle(outcome);
  }

  return {
    async ask(question) {
      if (closedBecause !== undefined) return fail(closedBecause);
      const { id: questionId, title, stepId } = question;
      const about = { questionId, ...(stepId === undefined ? {} : { stepId }) };
      await request.journal.append({ kind: 'question-asked', ...about, title });
      const outcome = await new Promise<Outcome<Answer>>((settle) => {
        if (closedBecause !== undefined) return settle(fail(closedBecause));
        waiting.push({ question: redactDeep(question, request.redact), settle });
        request.onChange();
      });
      if (!outcome.ok) return outcome;
      const { value, note, by } = outcome.value;
      await request.journal.append({
        kind: 'question-answered',
        ...about,
        value,
        by,
        ...(note ? { note } : {}),
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
