import { type ArchiveToc, readArchiveToc } from '../base/archive-toc.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';

/** A table of contents larger than this is no longer kept in memory beside the dump. */
const mostBytes = 128 * 1024 * 1024;

/** Reads the table of contents of an archive while it flows by. Tries at 64 KiB, 128 KiB, and so on. */
export function createTocCollector() {
  let chunks: Buffer[] = [];
  let sizeBytes = 0;
  let tryAtBytes = 64 * 1024;
  let toc: Outcome<ArchiveToc | undefined> = succeed(undefined);
  const look = () => {
    const bytes = Buffer.concat(chunks);
    chunks = [bytes];
    toc = readArchiveToc(bytes);
    if (!toc.ok || toc.value !== undefined) chunks = [];
  };
  const settled = () => !toc.ok || toc.value !== undefined;
  return {
    take(chunk: Buffer) {
      if (settled() || sizeBytes > mostBytes) return;
      chunks.push(Buffer.from(chunk));
      sizeBytes += chunk.length;
      if (sizeBytes < tryAtBytes) return;
      tryAtBytes *= 2;
      look();
    },
    /** After the last piece. */
    finish(): Outcome<ArchiveToc> {
      if (!settled()) look();
      if (!toc.ok) return toc;
      if (toc.value !== undefined) return succeed(toc.value);
      return fail({
        code: 'damaged',
        message: `The table of contents of the dump cannot be read from its first ${sizeBytes} bytes.`,
        remedy: 'Run the backup again; if it repeats, look at the pg_dump on this host.',
        retry: 'safe',
      });
    },
  };
}
