import type { Question } from '../ports/operator.ts';
import type { Session, View } from '../session/view.ts';

/**
 * Calls once for each question that is asked, also when the same question is asked again after an answer.
 *
 * @returns the way to stop.
 */
export function watchQuestions(session: Session, onQuestion: (question: Question) => void): () => void {
  let seen: string | undefined;
  let running = false;
  const look = () => {
    // An answer given from inside the callback changes the view at once: that is seen after the callback.
    if (running) return;
    running = true;
    for (let key = keyOf(session.view()); key !== seen; key = keyOf(session.view())) {
      seen = key;
      const { question } = session.view();
      if (question !== undefined) onQuestion(question);
    }
    running = false;
  };
  const stop = session.subscribe(look);
  look();
  return stop;
}

/** The same question after one more answer, or after one more attempt, is asked anew. */
function keyOf(view: View): string | undefined {
  const { question } = view;
  if (question === undefined) return undefined;
  const step = view.steps.find((row) => row.id === question.stepId);
  return `${question.id} ${step?.attempt ?? 0} ${view.answered?.length ?? 0}`;
}
