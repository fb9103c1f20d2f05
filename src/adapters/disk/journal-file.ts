import { close, constants, fstat, fsync, ftruncate, open, write } from 'node:fs';
import { appendFile, open as openHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { syncFolder } from '../../platform/durable-files.ts';
import { readWhole } from '../../platform/read-whole.ts';
import { lookAtJournal } from './look-at-journal.ts';

// Plain descriptors: a FileHandle that is forgotten is closed by the garbage collector with a warning on the screen.
const fs = {
  open: promisify(open),
  write: promisify(write),
  fsync: promisify(fsync),
  ftruncate: promisify(ftruncate),
  fstat: promisify(fstat),
  close: promisify(close),
};

type JournalFile = {
  read(): Promise<Outcome<Buffer>>;
  append(line: string): Promise<Outcome<void>>;
  cut(keepBytes: number): Promise<Outcome<void>>;
  close(): Promise<void>;
};

/**
 * The facts of a run. A line is told as written when the disk has it; one that fails leaves nothing behind. Before each line it is
 * looked at whether the file is still the one that a later reader will find: every act is written down before it is done, so
 * this look comes before every act.
 *
 * @param stillOurs the lock of the run, where one is held: why it is not ours any more, or undefined.
 */
export function openJournalFile(
  folder: string,
  stillOurs: () => Promise<Failure | undefined> = async () => undefined,
): JournalFile {
  const path = join(folder, 'journal.jsonl');
  let descriptor: number | undefined;
  /** As this process read or left it; undefined before it did either. */
  let sizeBytes: number | undefined;
  let spoiled: Failure | undefined;
  const { inTurn, idle } = takeTurns(() => spoiled);

  const openOnce = async (): Promise<number> => {
    if (descriptor !== undefined) return descriptor;
    descriptor = await fs.open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600);
    await syncFolder(folder);
    return descriptor;
  };

  /** Nothing is written, now or later, once the file is not the journal any more. */
  const look = async (file: number): Promise<number> => {
    const size = sizeBytes ?? (await fs.fstat(file)).size;
    spoiled = (await lookAtJournal({ path, file, sizeBytes: size })) ?? (await stillOurs());
    if (spoiled !== undefined) throw new Spoiled(spoiled);
    return size;
  };

  const append = async (line: string) => {
    const file = await openOnce();
    const size = await look(file);
    const bytes = Buffer.from(line);
    try {
      await writeAll(file, bytes);
      await fs.fsync(file);
      sizeBytes = size + bytes.length;
    } catch (error) {
      spoiled = await takeBack({ file, size, path });
      throw error;
    }
  };

  const read = async () => {
    const bytes = await readOrEmpty(path);
    if (descriptor === undefined) sizeBytes = bytes.length;
    // What was written and is not there any more was not "nothing yet".
    else if (bytes.length < (sizeBytes ?? 0)) await look(descriptor);
    return bytes;
  };

  const cut = async (keepBytes: number) => {
    await cutTail({ path, keepBytes, file: await openOnce() });
    sizeBytes = Math.min(keepBytes, sizeBytes ?? keepBytes);
  };

  return {
    read: () => inTurn(`read ${path}`, read),
    append: (line) => inTurn(`write ${path}`, () => append(line)),
    cut: (keepBytes) => inTurn(`cut ${path}`, () => cut(keepBytes)),
    close: async () => {
      await idle();
      if (descriptor !== undefined) await fs.close(descriptor);
      descriptor = undefined;
    },
  };
}

/** One at a time: two appends at once could tear each other's line. */
function takeTurns(spoiled: () => Failure | undefined) {
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(doing: string, act: () => Promise<T>): Promise<Outcome<T>> => {
    const turn = queue.then(async () => {
      const why = spoiled();
      try {
        return why === undefined ? succeed(await act()) : fail(why);
      } catch (error) {
        return fail(error instanceof Spoiled ? error.failure : describeFileFailure({ doing, error }));
      }
    });
    queue = turn;
    return turn;
  };
  return { inTurn, idle: () => queue };
}

class Spoiled extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
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

/** A run of days with a word a second has a tenth of it; a longer text Node does not hold. */
const mostJournalBytes = 500 * 2 ** 20;

async function readOrEmpty(path: string): Promise<Buffer> {
  try {
    return await readWhole(path, mostJournalBytes);
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
  await appendFile(tornPath, Buffer.concat([torn, Buffer.from('\n')]), { mode: 0o600 });
  const kept = await openHandle(tornPath);
  await kept.sync().finally(() => kept.close());
  await syncFolder(dirname(path));
  await fs.ftruncate(file, keepBytes);
  await fs.fsync(file);
}
