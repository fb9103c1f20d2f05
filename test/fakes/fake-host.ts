import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { type Failure, fail, type Outcome, succeed } from '../../src/base/failure.ts';
import type { HostClock } from '../../src/base/host-clock.ts';
import type { Downloaded, DownloadRequest, HostDriver } from '../../src/ports/host.ts';

export type FakeHost = HostDriver & {
  /** Permission bits by path, of files that were not written for this user alone. */
  readonly modes: Map<string, number>;
  /** Files by path. */
  readonly files: Map<string, Buffer>;
  /** What answers where: status and text by URL. */
  readonly pages: Map<string, { readonly status: number; readonly text: string }>;
  /** Lets time pass. */
  pass(durationMs: number): void;
  free(bytes: number): void;
};

/** 2026-04-28 14:48 UTC: the moment most tests begin. */
export const startMs = Date.UTC(2026, 3, 28, 14, 48);

/** A clock that says what it is told, and that nobody sets. */
export function fixedClock(now: () => number): HostClock {
  return {
    now,
    anchor: () => ({ bootId: 'the same', offsetMs: 0 }),
    deviationMs: () => 0,
    goOn: () => 'measured',
  };
}

/** A host whose clock goes on only when somebody sleeps or says so. */
export function createFakeHost(): FakeHost {
  let nowMs = startMs;
  let freeBytes = 100_000_000_000;
  const files = new Map<string, Buffer>();
  const modes: FakeHost['modes'] = new Map();
  const pages: FakeHost['pages'] = new Map();
  const read = (path: string): Outcome<Buffer> => {
    const found = files.get(path);
    return found === undefined ? fail(missing(path)) : succeed(found);
  };
  return {
    facts: { name: 'crm-01', user: 'operator', pid: 4711, cores: 2 },
    files,
    modes,
    pages,
    now: () => nowMs,
    clock: fixedClock(() => nowMs),
    pass: (durationMs) => {
      nowMs += durationMs;
    },
    free: (bytes) => {
      freeBytes = bytes;
    },
    sleep: async (durationMs) => {
      nowMs += durationMs;
    },
    freeBytes: async () => succeed(freeBytes),
    fileSize: async (path) => succeed(files.get(path)?.length),
    fileDigest: async (path) => {
      const found = read(path);
      return found.ok ? succeed(createHash('sha256').update(found.value).digest('hex')) : found;
    },
    readTextFile: async (path) => {
      const found = read(path);
      return found.ok ? succeed(found.value.toString('utf8')) : found;
    },
    writeTextFile: async ({ path, text }) => {
      files.set(path, Buffer.from(text));
      return succeed(undefined);
    },
    placePrivateFile: async ({ path, content, keepAs }) => {
      const old = files.get(path);
      modes.delete(path);
      if (old?.equals(content)) return succeed({ was: 'equal' });
      files.set(path, content);
      if (old === undefined) return succeed({ was: 'absent' });
      const names = [keepAs, ...Array.from({ length: 9 }, (_, index) => `${keepAs}-${index + 2}`)];
      const keptAs = names.find((name) => files.get(name)?.equals(old) ?? true) ?? keepAs;
      files.set(keptAs, old);
      return succeed({ was: 'other', keptAs });
    },
    fileMode: async (path) => succeed(files.has(path) ? (modes.get(path) ?? 0o600) : undefined),
    readHead: async (path, bytes) => {
      const found = read(path);
      return found.ok ? succeed(found.value.subarray(0, bytes)) : found;
    },
    removeFile: async (path) => {
      files.delete(path);
      return succeed(undefined);
    },
    download: (request) => download(files, request),
    httpGet: async ({ url }) => {
      const page = pages.get(url);
      if (page === undefined) return fail({ ...missing(url), code: 'unreachable' });
      const sha256 = createHash('sha256').update(page.text).digest('hex');
      return succeed({ ...page, sizeBytes: Buffer.byteLength(page.text), sha256 });
    },
  };
}

async function download(files: Map<string, Buffer>, request: DownloadRequest): Promise<Outcome<Downloaded>> {
  const { from, object, toFile, onProgress } = request;
  const read = await from.read({
    key: object.key,
    ...(object.etag === undefined ? {} : { ifMatch: object.etag }),
  });
  if (!read.ok) return read;
  const content = await buffer(read.value.body);
  onProgress(content.length);
  files.set(toFile, content);
  return succeed({
    sizeBytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    md5: createHash('md5').update(content).digest('hex'),
    resumedBytes: 0,
  });
}

function missing(path: string): Failure {
  return {
    code: 'not-found',
    message: `Cannot read ${path}: it is not there.`,
    remedy: 'Check the path.',
    retry: 'after-fix',
  };
}
