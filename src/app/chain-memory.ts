import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainLink, readSeenLinks, type SeenLink, writeSeenLinks } from '../backups/author.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { replaceFile } from '../platform/durable-files.ts';

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
