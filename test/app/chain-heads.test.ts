import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anchorHead, readAnchors } from '../../src/app/anchors.ts';
import { appendHead, readChainHeads } from '../../src/app/chain-heads.ts';
import { genesisHash, sealLine } from '../../src/base/digest.ts';
import { valueFrom } from '../contracts/object-store.contract.ts';
import { createFakeHost } from '../fakes/fake-host.ts';
import { createFakeObjectStore } from '../fakes/fake-object-store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thaw-heads-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const head = (runId: string, entries: number) => ({
  runId,
  entries,
  head: String(entries % 10).repeat(64),
  at: '2026-04-28T14:48:00.000Z',
});

describe('the heads of a log folder', () => {
  it('are none where nothing ended yet', async () => {
    expect(valueFrom(await readChainHeads(folder))).toBeUndefined();
  });

  it('are one line an end, in order, also when several runs end in the same moment', async () => {
    const all = Array.from({ length: 8 }, (_, index) => head(`run-${index}`, index + 1));
    for (const outcome of await Promise.all(all.map((one) => appendHead(folder, one)))) valueFrom(outcome);
    const heads = valueFrom(await readChainHeads(folder)) ?? [];
    expect(heads.map(({ runId }) => runId).sort()).toEqual(all.map(({ runId }) => runId));
  });

  it('do not repeat an end that is known already', async () => {
    for (const one of [head('run', 3), head('run', 3), head('run', 4)])
      valueFrom(await appendHead(folder, one));
    expect((valueFrom(await readChainHeads(folder)) ?? []).map(({ entries }) => entries)).toEqual([3, 4]);
  });

  it('are refused, and not added to, once a line of them was changed, cut or swapped', async () => {
    for (const entries of [1, 2, 3]) valueFrom(await appendHead(folder, head('run', entries)));
    const path = join(folder, 'chain-heads.jsonl');
    const text = await readFile(path, 'utf8');
    const [a = '', b = '', c = ''] = text.split(/(?<=\n)/);
    const grown = `${text.slice(0, -1)}x`;
    for (const bad of [text.replace('"entries":2', '"entries":9'), a + c, b + a + c, grown]) {
      await writeFile(path, bad);
      expect(await readChainHeads(folder)).toMatchObject({ ok: false, failure: { code: 'journal-damaged' } });
      expect((await appendHead(folder, head('run', 4))).ok).toBe(false);
    }
  });

  it.each([1, 9, 40, 'all but the newline'] as const)(
    'go on behind a line that a crash left half written (%s)',
    async (left) => {
      for (const entries of [1, 2]) valueFrom(await appendHead(folder, head('run', entries)));
      const path = join(folder, 'chain-heads.jsonl');
      const text = await readFile(path, 'utf8');
      const begun = text.split(/(?<=\n)/)[1] ?? '';
      const whole = text.length - begun.length;
      await writeFile(path, text.slice(0, typeof left === 'number' ? whole + left : -1));
      const entriesKnown = async () =>
        (valueFrom(await readChainHeads(folder)) ?? []).map(({ entries }) => entries);
      expect(await entriesKnown()).toEqual([1]);
      valueFrom(await appendHead(folder, head('run', 3)));
      expect(await entriesKnown()).toEqual([1, 3]);
    },
  );

  it('are refused where a line has its right hash and tells of no run', async () => {
    const path = join(folder, 'chain-heads.jsonl');
    for (const body of ['{no JSON}', `{"prev":"${genesisHash}"}`]) {
      await writeFile(path, sealLine(body).line);
      expect(await readChainHeads(folder)).toMatchObject({ ok: false, failure: { code: 'journal-damaged' } });
    }
  });
});

describe('anchors in the backup store', () => {
  const host = createFakeHost();
  const place = { store: createFakeObjectStore({ name: 'backups', now: host.now }), prefix: 'thaw-records/' };
  const anchors = [head('run', 12), head('run', 3), head('other', 5)].map(
    ({ runId, entries, head: hash }) => ({
      runId,
      entries,
      head: hash,
    }),
  );

  it('are an object for each end, never written over, read back in order', async () => {
    for (const anchor of anchors) valueFrom(await anchorHead(place, anchor));
    expect(valueFrom(await readAnchors(place, 'run')).map(({ entries }) => entries)).toEqual([3, 12]);
    expect(valueFrom(await readAnchors(place, 'never'))).toEqual([]);
  });

  it('are refused when one is not as it was written', async () => {
    const { key } = { key: 'thaw-records/run/00000012.json' };
    valueFrom(await place.store.remove(key));
    valueFrom(await anchorHead(place, { runId: 'run', entries: 12, head: 'not a head' }));
    expect(await readAnchors(place, 'run')).toMatchObject({
      ok: false,
      failure: { code: 'journal-damaged' },
    });
  });
});
