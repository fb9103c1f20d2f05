import { close, constants, fstat, fsync, ftruncate, open, write } from 'node:fs';
import { appendFile, open as openHandle, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure, errorCode } from '../../base/file-failure.ts';
import { syncFolder } from './sync-folder.ts';

// Plain descriptors: a FileHandle that is forgotten is closed by the garbage collector with a warning on the screen.
const fs = {
  open: promisify(open),
  write: promisify(write),
  fsync: promisify(fsync),
  ftruncate: promisify(ftruncate),
  fstat: promisify(fstat),
  close: promisify(close),
};

export type JournalFile = {
  read(): Promise<Outcome<Buffer>>;
  append(line: string): Promise<Outcome<void>>;
  cut(keepBytes: number): Promise<Outcome<void>>;
  close(): Promise<void>;
};

/** The facts of a run. A line is told as written when the disk has it; one that fails leaves nothing behind. */
export function openJournalFile(folder: string): JournalFile {
  const path = join(folder, 'journal.jsonl');
  let descriptor: number | undefined;
  let spoiled: Failure | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  /** One at a time: two appends at once could tear each other's line. */
  const inTurn = <T>(doing: string, act: () => Promise<T>): Promise<Outcome<T>> => {
    const turn = queue.then(async () => {
      try {
        return spoiled === undefined ? succeed(await act()) : fail(spoiled);
      } catch (error) {
        return fail(describeFileFailure({ doing, error }));
      }
    });
    queue = turn;
    return turn;
  };

  const openOnce = async (): Promise<number> => {
    if (descriptor !== undefined) return descriptor;
    descriptor = await fs.open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o644);
    await syncFolder(folder);
    return descriptor;
  };

  const append = async (line: string) => {
    const file = await openOnce();
    const { size } = await fs.fstat(file);
    try {
      await writeAll(file, Buffer.from(line));
      await fs.fsync(file);
    } catch (error) {
      spoiled = await takeBack({ file, size, path });
      throw error;
    }
  };

  return {
    read: () => inTurn(`read ${path}`, () => readOrEmpty(path)),
    append: (line) => inTurn(`write ${path}`, () => append(line)),
    cut: (keepBytes) =>
      inTurn(`cut ${path}`, async () => cutTail({ path, keepBytes, file: await openOnce() })),
    close: async () => {
      await queue;
      if (descriptor !== undefined) await fs.close(descriptor);
      descriptor = undefined;
    },
  };
}

async function writeAll(file: number, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await fs.write(file, bytes, written)).bytesWritten;
}

/** Half a line would glue itself to the next one. Where even that cannot be undone, nothing more may be written. */
async function takeBack(torn: {
  readonly file: number;
  readonly size: number;
  readonly path: string;
}): Promise<Failure | undefined> {
  try {
    await fs.ftruncate(torn.file, torn.size);
    await fs.fsync(torn.file);
    return undefined;
  } catch (error) {
    return describeFileFailure({ doing: `write ${torn.path} any further`, error });
  }
}

async function readOrEmpty(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** The torn bytes are kept for whoever wants to know, and only then taken out of the journal. */
async function cutTail(cut: {
  readonly path: string;
  readonly keepBytes: number;
  readonly file: number;
}): Promise<void> {
  const { path, keepBytes, file } = cut;
  const torn = (await readOrEmpty(path)).subarray(keepBytes);
  if (torn.length === 0) return;
  const tornPath = join(dirname(path), 'journal.torn');
  await appendFile(tornPath, Buffer.concat([torn, Buffer.from('\n')]));
  const kept = await openHandle(tornPath);
  await kept.sync().finally(() => kept.close());
  await syncFolder(dirname(path));
  await fs.ftruncate(file, keepBytes);
  await fs.fsync(file);
}
