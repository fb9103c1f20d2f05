import { channel } from 'node:diagnostics_channel';
import { errorCode } from '../base/thrown.ts';

/** What is asked of the world: a program with its arguments, the head of a statement, a request to a store. Never what comes back. */
type Asked = { readonly kind: 'program' | 'sql' | 'store'; readonly text: string };

type Traced = Asked & {
  readonly durationMs: number;
  /** `ok`, an exit status, the code of a failure: a few words, nothing that came from outside. */
  readonly outcome: string;
};

const asked = channel('thaw.asked');
/** The same before it is done: tests of what may go wrong stop here, at exactly one of them (`test/faults`). */
const begins = channel('thaw.begins');

/**
 * Does the work and tells whoever listens (`THAW_DEBUG`) what was asked and how it ended. Costs nothing while nobody does.
 *
 * @param ending.text is called only when somebody listens: shortening a statement takes time.
 */
export async function traced<T>(
  ending: {
    readonly kind: Asked['kind'];
    readonly text: () => string;
    readonly outcome: (result: T) => string;
  },
  work: () => Promise<T>,
): Promise<T> {
  tellBegin(() => ({ kind: ending.kind, text: ending.text() }));
  if (!asked.hasSubscribers) return work();
  const startMs = performance.now();
  const tell = (outcome: string) => {
    const durationMs = Math.round(performance.now() - startMs);
    const text = cut(ending.text().replace(/\s+/g, ' ').trim());
    asked.publish({ kind: ending.kind, text, durationMs, outcome } satisfies Traced);
  };
  try {
    const result = await work();
    tell(ending.outcome(result));
    return result;
  } catch (error) {
    tell(`error ${errorCode(error) ?? ''}`.trim());
    throw error;
  }
}

export function tellBegin(asking: () => Asked): void {
  if (begins.hasSubscribers) begins.publish(asking());
}

/** For what was timed already. */
export function tellTraced(traced: () => Traced): void {
  if (!asked.hasSubscribers) return;
  const { text, ...rest } = traced();
  asked.publish({ ...rest, text: cut(text) } satisfies Traced);
}

/** @returns what ends the listening. */
export function listenToTrace(hear: (traced: Traced) => void): () => void {
  const listener = (message: unknown) => hear(message as Traced);
  asked.subscribe(listener);
  return () => void asked.unsubscribe(listener);
}

/** Signs of a statement or a command: a script for a pod's shell is longer than anybody reads. */
const longestHead = 240;

function cut(text: string): string {
  return text.length > longestHead ? `${text.slice(0, longestHead)}…` : text;
}

/** A statement without its literals: a password of a role or a row of a table would stand in one. */
export function withoutLiterals(sql: string): string {
  return sql.replace(/\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$/g, '$…$').replace(/'(?:[^']|'')*'/g, "'…'");
}
