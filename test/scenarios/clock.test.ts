import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newestRun, readEntries, readRecord } from '../parts/run-log.ts';
import { type Command, type SwapStand, startSwapStand } from './swap/stand.ts';

/** The clock of the host is set while a run works, or between two of its processes. */

const hourMs = 3_600_000;
let stand: SwapStand;
let folder: string;

beforeAll(async () => {
  stand = await startSwapStand();
  folder = mkdtempSync(join(tmpdir(), 'thaw-clock-'));
});
beforeEach(() => stand.reset());
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stand?.remove();
});

const setClock = (byMs: number) => writeFileSync(join(folder, 'clock'), String(byMs));

function command(more: Partial<Command> = {}): Command {
  setClock(0);
  const shim = join(import.meta.dirname, '../parts/clock-shim.js');
  return {
    as: 'owner',
    logs: stand.newLogs(),
    apart: true,
    env: { NODE_OPTIONS: `--import=${shim}`, THAW_TEST_CLOCK: join(folder, 'clock') },
    ...more,
  };
}

/** Every time stands after the one before it, and the record measures what really passed. */
async function expectOneLine(logs: string, reallyMs: number): Promise<void> {
  const times = (await readEntries(logs)).map(({ at }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  const record = await readRecord(logs);
  expect(record.window.elapsedMs).toBeGreaterThan(100);
  expect(record.window.elapsedMs).toBeLessThan(reallyMs);
  expect(record.rto.notReached).toBeUndefined();
  expect(Math.abs((record.rto.actualMs ?? 0) - record.window.elapsedMs)).toBeLessThan(1000);
}

describe('A clock that is set', () => {
  it.each([
    ['back', -hourMs, /is 1:00:00 behind the times of this run/],
    ['forward', hourMs, /is 1:00:00 ahead of the times of this run/],
  ])('%s while a run works is told, and the run measures what really passed', async (_way, byMs, words) => {
    const one = command();
    const beganMs = performance.now();
    const set = stand.proxy.before(/ANALYZE/, async () => setClock(byMs));
    const end = await stand.run(one);
    await set;
    expect(await stand.databases(), end.text).toEqual({ shop: 'restored', shop__before_: 'old' });
    await expectOneLine(one.logs, performance.now() - beganMs);
    const { deviations } = await readRecord(one.logs);
    expect(deviations.map(({ what }) => what).join('\n')).toMatch(words);
    const verified = await stand.run({ ...one, action: ['records', 'verify'], confirm: [] });
    expect(verified.status, verified.text).toBe(0);
  });

  it('between two processes of a run is told once, and the span between them is what really passed', async () => {
    const one = command();
    const beganMs = performance.now();
    expect((await stand.run({ ...one, confirm: [] })).status).toBe(4);
    setClock(-hourMs);
    const end = await stand.run({ ...one, action: ['resume'] });
    expect(await stand.databases(), end.text).toEqual({ shop: 'restored', shop__before_: 'old' });
    await expectOneLine(one.logs, performance.now() - beganMs);
    const changes = (await readEntries(one.logs)).filter(({ kind }) => kind === 'clock-changed');
    expect(changes).toHaveLength(1);
    // A later word belongs to the same times, and nothing new is told of the clock.
    const noted = await stand.run({
      ...one,
      action: ['records', 'note', await newestRun(one.logs), 'told the customers'],
      confirm: [],
    });
    expect(noted.status, noted.text).toBe(0);
    expect((await readEntries(one.logs)).filter(({ kind }) => kind === 'clock-changed')).toHaveLength(1);
  });
});
