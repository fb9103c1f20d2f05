import { describe, expect, it } from 'vitest';
import { type Failure, fail } from '../../src/base/failure.ts';
import { patienceOf } from '../../src/kinds/patience.ts';
import { copyObjects, notCopied } from '../../src/operations/copy-objects.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { createFakeHost } from '../fakes/fake-host.ts';
import { createFakeObjectStore } from '../fakes/fake-object-store.ts';

const keys = Array.from({ length: 40 }, (_, index) => `receipts/${String(index + 1).padStart(2, '0')}.pdf`);

function stage(refuse: (key: string) => Failure | undefined) {
  const store = createFakeObjectStore({ name: 'backup', now: () => 0 });
  const to = createFakeObjectStore({ name: 'live', now: () => 0 });
  for (const key of keys) store.place(key, { content: `content of ${key}` });
  let reads = 0;
  const host = createFakeHost();
  const told: string[] = [];
  const patience = patienceOf(host, {
    lastsMs: 120_000,
    signal: new AbortController().signal,
    tell: (line) => void told.push(line),
  });
  const from: Pick<ObjectStore, 'read'> = {
    read: async (request) => {
      reads += 1;
      const refused = refuse(request.key);
      return refused === undefined ? store.read(request) : fail(refused);
    },
  };
  const copy = async (workers = 4) => {
    const objects = [];
    for await (const page of store.list({ prefix: '' })) if (page.ok) objects.push(...page.value);
    return copyObjects({
      objects,
      from,
      to,
      toTargetKey: (key) => key,
      access: 'drop',
      workers,
      onCopied: () => {},
      signal: new AbortController().signal,
      patience,
    });
  };
  return { to, copy, host, told, reads: () => reads };
}

const failure = (code: Failure['code'], retry: Failure['retry']): Failure => ({
  code,
  message: `Not to be had: ${code}.`,
  remedy: 'Mend it.',
  retry,
});

describe('copying many objects', () => {
  it.each(['denied', 'not-found', 'conflict', 'invalid-input', 'damaged'] as const)(
    'goes on behind one that fails with %s, and names it in the end',
    async (code) => {
      const bad = new Set(['receipts/03.pdf', 'receipts/31.pdf']);
      const { to, copy } = stage((key) => (bad.has(key) ? failure(code, 'after-fix') : undefined));
      const report = await copy();
      expect(report).toMatchObject({ ok: true });
      expect(Object.keys(to.contents())).toHaveLength(38);
      const lines: string[] = [];
      const failures = report.ok ? report.value.failures : [];
      expect(notCopied(failures, 40, (line) => lines.push(line))).toMatchObject({
        code,
        message: `2 of 40 objects could not be copied: receipts/03.pdf; receipts/31.pdf. Not to be had: ${code}.`,
        remedy: 'Mend it. A retry copies only what is missing.',
      });
      expect(lines).toEqual([...bad].map((key) => `not copied  ${key}: Not to be had: ${code}.`));
    },
  );

  it('stops early when nobody answers any more, and not before its patience is over', async () => {
    const { copy, reads, host, told } = stage(() => failure('unreachable', 'safe'));
    const beganMs = host.now();
    expect(await copy(1)).toMatchObject({ ok: false, failure: { code: 'unreachable' } });
    expect(host.now() - beganMs).toBeGreaterThanOrEqual(120_000);
    expect(host.now() - beganMs).toBeLessThan(150_000);
    expect(reads()).toBeLessThan(keys.length);
    expect(told[0]).toBe('Not to be had: unreachable. Tried again in 1 s, for 120 s at most.');
  });

  it('outlasts a store that answers nobody for a minute', async () => {
    let beganMs: number | undefined;
    const { copy, to, host } = stage((key) => {
      if (key !== 'receipts/01.pdf') beganMs ??= host.now();
      const isOut = beganMs !== undefined && host.now() - beganMs < 60_000;
      return isOut ? failure('unreachable', 'safe') : undefined;
    });
    const report = await copy(4);
    expect(report).toMatchObject({ ok: true, value: { failures: [] } });
    expect(Object.keys(to.contents())).toHaveLength(40);
  });

  it('tries again what took longer than its patience to fail, with nothing that succeeded meanwhile', async () => {
    const silent = new Set(['receipts/39.pdf', 'receipts/40.pdf']);
    const { copy, to, host } = stage((key) => {
      if (!silent.delete(key)) return undefined;
      host.pass(130_000);
      return failure('stalled', 'safe');
    });
    const report = await copy(1);
    expect(report).toMatchObject({ ok: true, value: { failures: [] } });
    expect(Object.keys(to.contents())).toHaveLength(40);
  });

  it('does not take a few that cannot be reached, among others that can, for the end of the store', async () => {
    const { to, copy } = stage((key) =>
      /[05]\.pdf$/.test(key) ? failure('unreachable', 'safe') : undefined,
    );
    const report = await copy(4);
    expect(report.ok ? report.value.failures : []).toHaveLength(8);
    expect(Object.keys(to.contents())).toHaveLength(32);
  });
});
