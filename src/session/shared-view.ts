import type { Answer } from '../ports/operator.ts';
import type { OutputLine, Session, StepDetail, View } from './view.ts';

/**
 * How a session reaches a terminal in another process: the run says what has changed since it last spoke, and hears answers, notes and
 * the wish to stop. Everything in a view is ready to be shown and holds no secret, so it may leave the process as it is.
 */
type ViewChange = {
  readonly view: Omit<View, 'details'> & { readonly details: Readonly<Record<string, QuietDetail>> };
  /** By step: how many of its last lines are still shown, and what comes after them. Steps that printed nothing are left out. */
  readonly output: Readonly<Record<string, NewOutput>>;
  /** How many words of this listener the run had heard by then. */
  readonly heard: number;
};

type QuietDetail = Omit<StepDetail, 'output'>;
type NewOutput = { readonly keep: number; readonly add: readonly OutputLine[] };

/** The views that one listener is told. */
export function createViewTeller(): (view: View, heard: number) => ViewChange {
  let told = new Map<string, readonly OutputLine[]>();
  return (view, heard) => {
    const steps = Object.entries(view.details);
    const output = steps.flatMap(([id, detail]) => {
      const before = told.get(id) ?? [];
      return before === detail.output ? [] : [[id, since(before, detail.output)] as const];
    });
    told = new Map(steps.map(([id, detail]) => [id, detail.output]));
    const details = steps.map(([id, { output: _lines, ...quiet }]) => [id, quiet] as const);
    return {
      view: { ...view, details: Object.fromEntries(details) },
      output: Object.fromEntries(output),
      heard,
    };
  };
}

/** Lines are only added at the end and dropped at the start, and the same line stays the same object. */
function since(before: readonly OutputLine[], now: readonly OutputLine[]): NewOutput {
  const last = before.at(-1);
  const keep = last === undefined ? 0 : now.lastIndexOf(last) + 1;
  return { keep, add: now.slice(keep) };
}

/** What a listener says. `seq` counts from 1, so that the run can say what it has heard. */
type Word =
  | { readonly kind: 'answer'; readonly questionId: string; readonly value: string; readonly note?: string }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'stop' };

export type RemoteSession = Session & {
  /** Shows what the run said. */
  update(change: ViewChange): void;
};

/** A session whose run is in another process. */
export function createRemoteSession(request: {
  readonly first: ViewChange;
  readonly say: (word: Word & { readonly seq: number }) => void;
}): RemoteSession {
  const listeners = new Set<() => void>();
  let said = 0;
  /** The question answered last, and with which word. Until the run has heard it, it is not asked any more. */
  let answered: { readonly questionId: string; readonly seq: number } | undefined;
  let view = apply(undefined, request.first);

  function show(next: View) {
    view = next;
    for (const listener of [...listeners]) listener();
  }

  function say(word: Word): number {
    said += 1;
    request.say({ ...word, seq: said });
    return said;
  }

  return {
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    answer(questionId, { value, note }: Answer) {
      if (view.question?.id !== questionId) return;
      const seq = say({ kind: 'answer', questionId, value, ...(note === undefined ? {} : { note }) });
      answered = { questionId, seq };
      show(withoutQuestion(view));
    },
    note: (text) => void say({ kind: 'note', text }),
    stop: () => void say({ kind: 'stop' }),
    update(change) {
      const next = apply(view, change);
      const isAnswered =
        answered !== undefined && change.heard < answered.seq && next.question?.id === answered.questionId;
      show(isAnswered ? withoutQuestion(next) : next);
    },
  };
}

function withoutQuestion({ question: _answered, ...view }: View): View {
  return view;
}

function apply(before: View | undefined, { view, output }: ViewChange): View {
  const details = Object.entries(view.details).map(([id, quiet]) => {
    const lines = before?.details[id]?.output ?? [];
    const news = output[id];
    const shown = news === undefined ? lines : [...lines.slice(lines.length - news.keep), ...news.add];
    return [id, { ...quiet, output: shown }] as const;
  });
  return { ...view, details: Object.fromEntries(details) };
}
