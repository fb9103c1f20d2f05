import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainLink, readSeenLinks, type SeenLink, writeSeenLinks } from '../backups/author.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { readJournal } from '../journal/read-journal.ts';
import { foldJournal } from '../journal/run-state.ts';
import { readFact } from '../kinds/fact.ts';
import { authorFact, snapshotFact } from '../kinds/facts.ts';
import { replaceFile } from '../platform/durable-files.ts';
import type { RunFolder } from '../ports/run-folder.ts';

/**
 * The last links of the chains of signed backups that were made or seen here. A store cannot tell that its newest backup was taken away;
 * a host that remembers it can.
 */
export type ChainMemory = {
  readonly seen: ReadonlyMap<string, SeenLink>;
  /** Keeps the link, where it is newer than what is remembered of its chain. */
  keep(link: ChainLink, atMs: number): Promise<Outcome<void>>;
};

export async function openChainMemory(log: {
  readonly logFolder: string;
  readonly runbook: string;
}): Promise<ChainMemory> {
  const folder = join(log.logFolder, '.jobs');
  const path = join(folder, `${log.runbook}.chains.json`);
  const seen = readSeenLinks(await readFile(path, 'utf8').catch(() => ''));
  return {
    seen,
    async keep(link, atMs) {
      const before = seen.get(link.id);
      if (before !== undefined && before.sequence >= link.sequence) return succeed(undefined);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const content = writeSeenLinks(new Map([...seen, [link.id, { ...link, atMs }]]));
        await replaceFile({ path, content, mode: 0o600 });
        return succeed(undefined);
      } catch (error) {
        return fail(describeFileFailure({ doing: `write ${path}`, error }));
      }
    },
  };
}

/**
 * A run that chose a backup whose author is proven has seen it. What cannot be read or kept is no reason to call the run another thing than
 * it was: the next look at the store sees the backup again.
 */
export async function rememberChosen(memory: ChainMemory, folder: RunFolder): Promise<void> {
  const bytes = await folder.readJournal();
  const reading = bytes.ok ? readJournal(bytes.value) : bytes;
  const state = reading.ok ? foldJournal(reading.value.entries) : undefined;
  const author = state === undefined ? undefined : readFact(authorFact, state.facts);
  const snapshot = state === undefined ? undefined : readFact(snapshotFact, state.facts);
  if (author?.kind !== 'proven' || snapshot === undefined) return;
  await memory.keep(author.link, snapshot.takenAtMs);
}
