import { fstat, read, type Stats } from 'node:fs';
import { readlink, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Failure } from '../../base/failure.ts';
import { errorCode, errorWords } from '../../base/thrown.ts';

const statDescriptor = promisify(fstat);
const readDescriptor = promisify(read);

type Held = { readonly path: string; readonly file: number; readonly sizeBytes: number };

/**
 * Whether the file that is held open is still the journal of the run: under its path, linked, as long as it was left. A line
 * that is written into a removed file is told as durable by the kernel, and nobody will ever read it.
 *
 * @returns what was found and what to do, or undefined where all is as it was left.
 */
export async function lookAtJournal(held: Held): Promise<Failure | undefined> {
  const { path, file, sizeBytes } = held;
  const own = await statDescriptor(file);
  if (own.nlink === 0) return removed(held, own);
  const there = await statOrNothing(path);
  if (there === undefined || there.dev !== own.dev || there.ino !== own.ino) return moved(held);
  if (own.size === sizeBytes) return undefined;
  return lost(
    `Somebody else wrote into ${path}: this run left it with ${sizeBytes} bytes, now it has ${own.size}.`,
    `Find out who did, keep a copy for the inquiry, and look at it with \`thaw records verify ${runOf(path)}\`.`,
  );
}

async function removed(held: Held, own: Stats): Promise<Failure> {
  const { path } = held;
  const kept = join(tmpdir(), `thaw-${runOf(path)}-journal-${process.pid}.jsonl`);
  const message = `The journal of this run was removed while the run went on: ${path} is gone.`;
  try {
    // Whoever still holds a removed file open is the last one who can read it.
    await writeFile(kept, await readAll(held.file, own.size), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const why = errorWords(error);
    return lost(message, `Nothing of it could be kept (${why}); what was printed is all there is.`);
  }
  return lost(
    message,
    `All it held is kept in ${kept}. Put that back with \`mkdir -p ${dirname(path)} && cp ${kept} ${path}\`, then go on with \`thaw resume ${runOf(path)}\`.`,
  );
}

async function moved({ path, file }: Held): Promise<Failure> {
  const now = await readlink(`/proc/self/fd/${file}`).catch(() => undefined);
  const where = now === undefined || now === path ? 'elsewhere' : `at ${now}`;
  return lost(
    `The journal of this run was moved while the run went on: it is ${where}, and not at ${path} any more.`,
    `Put the folder back as it was, so that ${path} is there, then go on with \`thaw resume ${runOf(path)}\`.`,
  );
}

async function statOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function readAll(file: number, sizeBytes: number): Promise<Buffer> {
  const bytes = Buffer.alloc(sizeBytes);
  let done = 0;
  while (done < sizeBytes) {
    const { bytesRead } = await readDescriptor(file, bytes, done, sizeBytes - done, done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

const runOf = (path: string) => basename(dirname(path));

function lost(message: string, remedy: string): Failure {
  return { code: 'journal-damaged', message, remedy, retry: 'after-fix' };
}
