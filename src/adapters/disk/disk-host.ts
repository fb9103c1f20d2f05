import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { availableParallelism, hostname, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { replaceFile } from '../../platform/durable-files.ts';
import { pause } from '../../platform/pause.ts';
import { readWhole } from '../../platform/read-whole.ts';
import { createSteadyClock } from '../../platform/steady-clock.ts';
import type { HostDriver, HostFacts } from '../../ports/host.ts';
import { download } from './download.ts';
import { measureFreeBytes } from './free-space.ts';
import { httpGet } from './http-get.ts';
import { placePrivateFile } from './place-private-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Of the work folder: the roles of a server, opened. */
const mostTextBytes = 64 * 2 ** 20;

/** This machine. @param env for the user and the SSH session; nothing else is read from it. */
export function createDiskHost(given: { readonly env: Environment }): HostDriver {
  const clock = createSteadyClock();
  return {
    facts: readFacts(given.env),
    now: clock.now,
    clock,
    sleep: async (durationMs, signal) => {
      await pause(durationMs, signal);
    },
    freeBytes: (path) => attempt(`measure the free space of ${path}`, () => measureFreeBytes(path)),
    fileSize: (path) => attempt(`look at ${path}`, () => measureFile(path)),
    fileDigest: (path, signal) => attempt(`read ${path}`, () => digestFile(path, signal)),
    readTextFile: (path) => attempt(`read ${path}`, async () => String(await readWhole(path, mostTextBytes))),
    writeTextFile: ({ path, text }) => attempt(`write ${path}`, () => writePrivate(path, text)),
    placePrivateFile: (request) => attempt(`put ${request.path} in place`, () => placePrivateFile(request)),
    fileMode: (path) => attempt(`look at ${path}`, async () => (await look(path))?.mode),
    readHead: (path, bytes) => attempt(`read ${path}`, () => readFirst(path, bytes)),
    removeFile: (path) => attempt(`remove ${path}`, () => rm(path, { force: true })),
    download,
    httpGet,
  };
}

function readFacts(env: Environment): HostFacts {
  const sshFrom = (env.SSH_CONNECTION ?? env.SSH_CLIENT)?.split(' ')[0];
  const facts = { name: hostname(), user: readUser(env), pid: process.pid, cores: availableParallelism() };
  return sshFrom === undefined || sshFrom === '' ? facts : { ...facts, sshFrom };
}

/** A user id without an entry in the password file, as containers have it, is no reason to stop. */
function readUser(env: Environment): string {
  try {
    return userInfo().username;
  } catch {
    return env.USER ?? env.LOGNAME ?? `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

async function attempt<T>(doing: string, act: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return succeed(await act());
  } catch (error) {
    return fail(describeFileFailure({ doing, error }));
  }
}

async function digestFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, signal === undefined ? {} : { signal });
  return hash.digest('hex');
}

async function measureFile(path: string): Promise<number | undefined> {
  return (await look(path))?.size;
}

async function look(path: string): Promise<{ readonly size: number; readonly mode: number } | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? { size: stats.size, mode: stats.mode & 0o7777 } : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function writePrivate(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceFile({ path, content: text, mode: 0o600, alone: true });
}

async function readFirst(path: string, bytes: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const head = Buffer.alloc(bytes);
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await handle.read(head, filled, bytes - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return head.subarray(0, filled);
  } finally {
    await handle.close();
  }
}
