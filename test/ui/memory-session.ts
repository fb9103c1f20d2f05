import type { Answer } from '../../src/ports/operator.ts';
import type { Session, View } from '../../src/session/view.ts';

/** A session without a run behind it: the test says what happens, and sees what was asked of it. */
export type MemorySession = Session & {
  change(next: (view: View) => View): void;
  readonly answers: readonly { readonly questionId: string; readonly answer: Answer }[];
  readonly notes: readonly string[];
  stops(): number;
};

export function createMemorySession(
  first: View,
  react: (event: { questionId: string; answer: Answer }, change: MemorySession['change']) => void = () =>
    undefined,
): MemorySession {
  let view = first;
  let stops = 0;
  const listeners = new Set<() => void>();
  const answers: { questionId: string; answer: Answer }[] = [];
  const notes: string[] = [];
  const change: MemorySession['change'] = (next) => {
    view = next(view);
    for (const listener of listeners) listener();
  };
  return {
    answers,
    notes,
    change,
    stops: () => stops,
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    answer(questionId, answer) {
      const { question } = view;
      if (question?.id !== questionId) return;
      answers.push({ questionId, answer });
      change(({ question: _asked, ...rest }) => ({
        ...rest,
        answered: [...(rest.answered ?? []), { questionId, title: question.title, ...answer }],
      }));
      react({ questionId, answer }, change);
    },
    note(text) {
      notes.push(text);
      change((now) => ({ ...now, notes: [...now.notes, text] }));
    },
    stop() {
      stops += 1;
    },
  };
}
