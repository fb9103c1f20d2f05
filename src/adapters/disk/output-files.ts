import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../base/assert.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';

type OutputFiles = {
  append(name: string, line: string): void;
  flush(): Promise<Outcome<void>>;
  digests(): Promise<Outcome<readonly { readonly name: string; readonly sha256: string }[]>>;
};

/** Long enough to gather a burst, short enough that `tail -f` looks alive. */
const gatherMs = 50;

/**
 * What the steps print, one file each. Lines are gathered and written in order; what the disk refuses stays in memory,
 * is told by `flush`, and is written by the next one that can. A file that is not as this process left it is never gone on
 * with: half an output would get a digest as if it were whole.
 */
export function openOutputFiles(folder: string): OutputFiles {
  const waiting = new Map<string, Buffer[]>();
  let timer: NodeJS.Timeout | undefined;
  let queue: Promise<Outcome<void>> = Promise.resolve(succeed(undefined));

  const unsynced = new Set<string>();
  const left = new Map<string, Left>();

  /** Every file gets its turn, whatever happened to the one before. */
  const writeWaiting = async (sync: boolean): Promise<Outcome<void>> => {
    let outcome: Outcome<void> = succeed(undefined);
    for (const name of new Set([...waiting.keys(), ...(sync ? unsynced : [])])) {
      const path = join(folder, `${name}.log`);
      const lines = waiting.get(name) ?? [];
      try {
        // The folder of the run is there, or was taken away: then it must not come back with nothing but this in it.
        await mkdir(folder, { mode: 0o700 }).catch(unlessThere);
        unsynced.add(name);
        await appendLines({ path, lines, sync, left });
        if (sync) unsynced.delete(name);
        if (lines.length === 0) waiting.delete(name);
      } catch (error) {
        if (outcome.ok)
          outcome = fail(
            error instanceof Changed ? error.failure : describeFileFailure({ doing: `write ${path}`, error }),
          );
      }
    }
    return outcome;
  };
  const write = (sync: boolean) => {
    clearTimeout(timer);
    timer = undefined;
    queue = queue.then(() => writeWaiting(sync));
    return queue;
  };
  const flush = () => write(true);

  return {
    append: (name, line) => {
      assert(/^[\w-][\w.-]*$/.test(name), `${name} is the name of an output file`);
      const lines = waiting.get(name) ?? [];
      lines.push(Buffer.from(`${line}\n`));
      waiting.set(name, lines);
      timer ??= setTimeout(write, gatherMs, false);
    },
    flush,
    digests: async () => {
      const flushed = await flush();
      return flushed.ok ? digestAll(folder) : flushed;
    },
  };
}

type Left = { readonly ino: number; readonly size: number };

class Changed extends Error {
  readonly failure: Failure;
  constructor(path: string) {
    super(path);
    this.failure = {
      code: 'damaged',
      message: `${path} was removed, cut or written by somebody else while the run went on: what was printed before is not all in it.`,
      remedy:
        'Find out who did; `thaw resume` ends the run, and its journal says that this output is not whole.',
      retry: 'after-fix',
    };
  }
}

function unlessThere(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}

/** Takes what is on the disk out of `lines`: after a failure, exactly what is missing is left. */
async function appendLines(what: {
  readonly path: string;
  readonly lines: Buffer[];
  readonly sync: boolean;
  readonly left: Map<string, Left>;
}): Promise<void> {
  const { path, lines, sync, left } = what;
  const handle = await open(path, 'a', 0o600);
  try {
    const { ino, size } = await handle.stat();
    const before = left.get(path);
    if (before !== undefined && (before.ino !== ino || before.size !== size)) throw new Changed(path);
    let written = size;
    while (lines.length > 0) {
      const count = lines.length;
      let batch = Buffer.concat(lines.slice(0, count));
      while (batch.length > 0) {
        const { bytesWritten } = await handle.write(batch).catch((error: unknown) => {
          lines.splice(0, count, batch);
          throw error;
        });
        written += bytesWritten;
        left.set(path, { ino, size: written });
        batch = batch.subarray(bytesWritten);
      }
      lines.splice(0, count);
    }
    if (sync) await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function digestAll(folder: string) {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
    const digests = [];
    for (const name of names) digests.push({ name, sha256: await digestFile(join(folder, name)) });
    return succeed(digests);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return succeed([]);
    return fail(describeFileFailure({ doing: `read ${folder}`, error }));
  }
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
