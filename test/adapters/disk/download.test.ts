import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDiskHost } from '../../../src/adapters/disk/disk-host.ts';
import type { Downloaded } from '../../../src/ports/host.ts';
import type { ObjectInfo, StoreDriver } from '../../../src/ports/object-store.ts';
import { openDirectoryObjectStore } from '../../../src/stores/directory/directory-object-store.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';
import { recordReads, throttle } from './throttled-store.ts';

const mebibyte = 1024 * 1024;
const partBytes = 8 * mebibyte;
const host = createDiskHost({ env: {} });
const content = randomBytes(5 * partBytes + 12_345);
const sha256 = createHash('sha256').update(content).digest('hex');

describe('A download', () => {
  let base: string;
  let store: StoreDriver;
  let object: ObjectInfo;
  let toFile: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'thaw-download-'));
    await mkdir(join(base, 'store'));
    await writeFile(join(base, 'store', 'dump'), content);
    store = openDirectoryObjectStore({ path: join(base, 'store') });
    object = await describeDump(store);
    toFile = join(base, 'work', 'dump');
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  const fetch = (changes: {
    from?: StoreDriver;
    object?: ObjectInfo;
    stallMs?: number;
    signal?: AbortSignal;
  }) => host.download({ from: store, object, toFile, stallMs: 5000, onProgress: () => {}, ...changes });
  const expectWhole = async (downloaded: Downloaded) => {
    expect(downloaded.sha256).toBe(sha256);
    expect(downloaded.md5).toBe(object.etag);
    expect(downloaded.sizeBytes).toBe(content.length);
    expect((await readFile(toFile)).equals(content)).toBe(true);
    expect(await readdir(join(base, 'work'))).toEqual(['dump']);
  };

  test('brings every byte in parts of 8 MiB, tells its progress, and leaves nothing else behind', async () => {
    const recorded = recordReads(store);
    const progress: number[] = [];
    const downloaded = await host.download({
      from: recorded.store,
      object,
      toFile,
      stallMs: 5000,
      onProgress: (bytes) => progress.push(bytes),
    });
    await expectWhole(valueFrom(downloaded));
    expect(valueFrom(downloaded).resumedBytes).toBe(0);
    expect(recorded.reads.map((read) => read.fromByte)).toEqual(
      [0, 1, 2, 3, 4, 5].map((part) => part * partBytes),
    );
    expect(recorded.reads.every((read) => read.ifMatch === object.etag)).toBe(true);
    expect(progress.at(-1)).toBe(content.length);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  });

  test('brings an empty object', async () => {
    await writeFile(join(base, 'store', 'dump'), '');
    const downloaded = valueFrom(await fetch({ object: await describeDump(store) }));
    expect(downloaded).toMatchObject({ sizeBytes: 0, md5: 'd41d8cd98f00b204e9800998ecf8427e' });
    expect((await stat(toFile)).size).toBe(0);
  });

  test('goes on after kill -9 without asking again for what is there', async () => {
    const listed = await killInTheMiddle({ base, toFile });
    await expect(stat(toFile)).rejects.toThrow('ENOENT');
    const recorded = recordReads(store);
    const progress: number[] = [];
    const downloaded = valueFrom(
      await host.download({
        from: recorded.store,
        object,
        toFile,
        stallMs: 5000,
        onProgress: (bytes) => progress.push(bytes),
      }),
    );
    await expectWhole(downloaded);
    expect(downloaded.resumedBytes).toBe(listed.length * partBytes);
    expect(progress[0]).toBe(downloaded.resumedBytes);
    const asked = recorded.reads.map((read) => (read.fromByte ?? 0) / partBytes);
    expect([...asked, ...listed].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('starts afresh when the object is another one by now', async () => {
    await killInTheMiddle({ base, toFile });
    await writeFile(join(base, 'store', 'dump'), content.toReversed());
    const changed = await describeDump(store);
    const downloaded = valueFrom(await fetch({ object: changed }));
    expect(downloaded.resumedBytes).toBe(0);
    expect(downloaded.md5).toBe(changed.etag);
  });

  test('starts afresh when the list is spoiled or the bytes are gone', async () => {
    await killInTheMiddle({ base, toFile });
    await truncate(`${toFile}.part`, 100);
    const first = valueFrom(await fetch({}));
    expect(first.resumedBytes).toBe(0);
    await rm(toFile);
    await writeFile(`${toFile}.part`, Buffer.alloc(content.length));
    await writeFile(`${toFile}.parts.json`, '{"plan":');
    await expectWhole(valueFrom(await fetch({})));
  });

  test('does not fetch again a whole file whose MD5 is the object’s', async () => {
    valueFrom(await fetch({}));
    const recorded = recordReads(store);
    const again = valueFrom(await fetch({ from: recorded.store }));
    expect(recorded.reads).toEqual([]);
    expect(again.resumedBytes).toBe(content.length);
    await expectWhole(again);
  });

  test('ends with conflict when the object changes in between', async () => {
    await writeFile(join(base, 'store', 'dump'), content.toReversed());
    const failure = failureFrom(await fetch({}));
    expect(failure.code).toBe('conflict');
    await expect(stat(toFile)).rejects.toThrow('ENOENT');
  });

  test('ends with conflict when a store without If-Match hands out another object', async () => {
    await writeFile(join(base, 'store', 'dump'), content.subarray(1));
    const careless: StoreDriver = { ...store, read: ({ ifMatch: _, ...rest }) => store.read(rest) };
    expect(failureFrom(await fetch({ from: careless })).code).toBe('conflict');
  });

  test('asks again for a part that stalls, from the last byte that came', async () => {
    let isFirst = true;
    const asked: number[] = [];
    const sticking: StoreDriver = {
      ...store,
      read: async (request) => {
        asked.push(request.fromByte ?? 0);
        const answer = await store.read(request);
        if (!answer.ok || request.fromByte !== partBytes || !isFirst) return answer;
        isFirst = false;
        answer.value.body.destroy();
        const body = new Readable({ read() {} });
        body.push(content.subarray(partBytes, partBytes + 3 * mebibyte));
        return { ok: true, value: { ...answer.value, body } };
      },
    };
    await expectWhole(valueFrom(await fetch({ from: sticking, stallMs: 2000 })));
    expect(asked).toContain(partBytes + 3 * mebibyte);
    expect(asked.length).toBe(7);
  });

  test('gives up with stalled after five attempts that brought nothing, even when the store ignores the signal', async () => {
    let attempts = 0;
    const dead: StoreDriver = {
      ...store,
      read: () => {
        attempts += 1;
        return new Promise(() => {});
      },
    };
    const small = { ...object, sizeBytes: 1000 };
    const failure = failureFrom(await fetch({ from: dead, object: small, stallMs: 50 }));
    expect(failure.code).toBe('stalled');
    expect(failure.message).toContain('5 times in a row');
    expect(attempts).toBe(5);
  });

  test('stops when it is cancelled, and keeps what it has', async () => {
    const stop = new AbortController();
    const fetching = fetch({ from: throttle(store, 20), signal: stop.signal });
    await waitForParts(toFile, 1);
    stop.abort();
    expect(failureFrom(await fetching).code).toBe('cancelled');
    expect(valueFrom(await fetch({})).resumedBytes).toBeGreaterThan(0);
  });

  test('says out-of-space with the numbers before it begins', async () => {
    const huge = { ...object, sizeBytes: 9_000_000_000_000_000 };
    const failure = failureFrom(await fetch({ object: huge }));
    expect(['out-of-space', 'invalid-input']).toContain(failure.code);
    const fitting = { ...object, sizeBytes: 10_000_000_000_000 };
    const lack = failureFrom(await fetch({ object: fitting }));
    expect(lack.code).toBe('out-of-space');
    expect(lack.message).toMatch(/10 TB more are needed and .* are free/);
  });
});

async function describeDump(store: StoreDriver): Promise<ObjectInfo> {
  const info = valueFrom(await store.describe('dump'));
  if (info === undefined) throw new Error('There is no dump.');
  return info;
}

/** Returns the parts that the killed program had listed. */
async function killInTheMiddle(given: { readonly base: string; readonly toFile: string }) {
  const program = fileURLToPath(new URL('./slow-download.ts', import.meta.url));
  const args = [program, join(given.base, 'store'), 'dump', given.toFile];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await waitForParts(given.toFile, 2);
  child.kill('SIGKILL');
  await ended;
  return readListed(given.toFile);
}

async function waitForParts(toFile: string, count: number): Promise<void> {
  while ((await readListed(toFile)).length < count) await sleep(5);
}

async function readListed(toFile: string): Promise<readonly number[]> {
  const text = await readFile(`${toFile}.parts.json`, 'utf8').catch(() => '{"done":[]}');
  return (JSON.parse(text) as { done: number[] }).done;
}
