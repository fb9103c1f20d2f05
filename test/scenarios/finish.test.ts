import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newestRun, readRecord } from '../parts/run-log.ts';
import { type Command, type SwapStand, startSwapStand } from './swap/stand.ts';

/** The end of the way back: what a run kept of before is dropped, by its exact name. */

let stand: SwapStand;

beforeAll(async () => {
  stand = await startSwapStand();
});
beforeEach(() => stand.reset());
afterAll(() => stand?.remove());

async function restored(): Promise<Command & { readonly kept: string; readonly runId: string }> {
  const command: Command = { as: 'owner', logs: stand.newLogs() };
  const end = await stand.run(command);
  expect(await stand.databases(), end.text).toEqual({ shop: 'restored', shop__before_: 'old' });
  const runId = await newestRun(command.logs);
  expect(end.text).toContain(`thaw finish ${runId}`);
  return { ...command, kept: await stand.nameOf(/__before_/), runId };
}

describe('thaw finish', () => {
  it('drops the old database by its exact name and no other, and ends the way back', async () => {
    const { kept, runId, ...command } = await restored();
    for (const wrong of [['shop'], [], [kept.toUpperCase()]]) {
      const refused = await stand.run({ ...command, action: ['finish'], confirm: wrong });
      expect(refused.status, refused.text).toBe(4);
      expect(refused.text).toContain('There is no way back after this.');
      expect(await stand.databases()).toEqual({ shop: 'restored', shop__before_: 'old' });
    }
    const end = await stand.run({ ...command, action: ['finish'], confirm: [kept] });
    expect(end.status, end.text).toBe(0);
    expect(await stand.databases()).toEqual({ shop: 'restored' });
    const back = await stand.run({ ...command, action: ['rollback'] });
    expect(back.status, back.text).toBe(2);
    const again = await stand.run({ ...command, action: ['finish', runId], confirm: [kept] });
    expect(again.status, again.text).toBe(2);
    expect(again.text).toContain('its way back was ended');
    expect((await readRecord(command.logs)).deviations.map(({ what }) => what)).toContain(
      'the way back was ended',
    );
    const verified = await stand.run({ ...command, action: ['records', 'verify', runId], confirm: [] });
    expect(verified.status, verified.text).toBe(0);
  });

  it('drops the restored database that a roll-back put aside, when that is what is kept', async () => {
    const { kept: _, runId: _run, ...command } = await restored();
    expect((await stand.run({ ...command, action: ['rollback'] })).status).toBe(0);
    const undone = await stand.nameOf(/__undone_/);
    const end = await stand.run({ ...command, action: ['finish'], confirm: [undone] });
    expect(end.status, end.text).toBe(0);
    expect(await stand.databases()).toEqual({ shop: 'old' });
  });

  it('drops nothing where another database stands in place, for what is kept may be the only whole one', async () => {
    const { kept, ...command } = await restored();
    await stand.cluster.sql(
      'postgres',
      'ALTER DATABASE shop RENAME TO shop_elsewhere',
      'CREATE DATABASE shop TEMPLATE shop_elsewhere',
    );
    const end = await stand.run({ ...command, action: ['finish'], confirm: [kept] });
    expect(end.status, end.text).not.toBe(0);
    expect(end.text).toContain('is not the database that this run put there');
    expect(await stand.nameOf(/__before_/)).toBe(kept);
  });

  it('ends what was begun and killed in between', async () => {
    const { kept, ...command } = await restored();
    await stand.killBefore(/DROP DATABASE/, { ...command, action: ['finish'], confirm: [kept], apart: true });
    expect(await stand.databases()).toEqual({ shop: 'restored', shop__before_: 'old' });
    const end = await stand.run({ ...command, action: ['finish'], confirm: [kept] });
    expect(end.status, end.text).toBe(0);
    expect(await stand.databases()).toEqual({ shop: 'restored' });
  });
});
