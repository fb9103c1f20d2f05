import type { Question } from '../ports/operator.ts';
import type { Session } from '../session/view.ts';
import { answerFor, type Flags } from './answer-for.ts';
import { optionFor } from './option-for.ts';
import { watchQuestions } from './watch-questions.ts';

/**
 * Answers the questions that the command line answered in advance, and reports the others, each with the option that
 * would have answered it. Each question takes its answer once: an unattended retry must not go round for ever.
 *
 * @returns the way to stop.
 */
export function answerFromFlags(request: {
  readonly session: Session;
  readonly answers: ReadonlyMap<string, string>;
  readonly confirm?: readonly string[];
  readonly yes: boolean;
  readonly onMissing: (question: Question, option: string) => void;
}): () => void {
  const { session } = request;
  const flags: Flags = { answers: request.answers, confirm: request.confirm ?? [], yes: request.yes };
  const spent = new Set<string>();
  return watchQuestions(session, (question) => {
    const answer = spent.has(question.id) ? undefined : answerFor(question, flags);
    if (answer === undefined) return request.onMissing(question, optionFor(question));
    spent.add(question.id);
    session.answer(question.id, { ...answer, by: 'option' });
  });
}
