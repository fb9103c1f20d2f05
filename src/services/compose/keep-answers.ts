import { stat } from 'node:fs/promises';
import type { Outcome } from '../../base/failure.ts';

/**
 * So old an answer may be: files that a compose file includes, or takes variables from, are not watched, and a person may be asked
 * something in between.
 */
const keptMs = 30_000;

type Kept<T> = { readonly atMs: number; readonly stamp: string; readonly answer: Promise<Outcome<T>> };

/**
 * Answers that depend on files alone: asked once, and kept while the files are untouched. Who waits for a container to become healthy
 * looks every second, and each start of Compose takes a tenth of a second of a processor. Failures are not kept.
 */
export function keepAnswers<T>() {
  const kept = new Map<string, Kept<T>>();
  return {
    /** @param question.files those whose change makes it another question; one that is not there counts, too. */
    async once(
      question: { readonly key: string; readonly files: readonly string[] },
      ask: () => Promise<Outcome<T>>,
    ): Promise<Outcome<T>> {
      const { key, files } = question;
      const stamp = (await Promise.all(files.map(stampOf))).join(' ');
      const atMs = performance.now();
      const before = kept.get(key);
      if (before?.stamp === stamp && atMs - before.atMs < keptMs) return before.answer;
      const asked = { atMs, stamp, answer: ask() };
      kept.set(key, asked);
      const outcome = await asked.answer;
      if (!outcome.ok && kept.get(key) === asked) kept.delete(key);
      return outcome;
    },
    forget: () => kept.clear(),
  };
}

function stampOf(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(
    ({ ino, size, mtimeNs, ctimeNs }) => `${ino} ${size} ${mtimeNs} ${ctimeNs}`,
    () => 'none',
  );
}
