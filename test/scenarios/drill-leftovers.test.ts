import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { newestRun, readRecord } from '../parts/run-log.ts';
import { type Command, type SwapStand, startSwapStand } from './swap/stand.ts';

/** A drill whose server went away while it worked: a copy of production lies there afterwards. */

let stand: SwapStand;

beforeAll(async () => {
  stand = await startSwapStand();
});
beforeEach(() => stand.reset());
afterAll(() => stand?.remove());

const drill = (more: Partial<Command> = {}): Command => ({
  as: 'superuser',
  logs: stand.newLogs(),
  action: ['drill', 'shop.yaml', '--yes', '--snapshot', 'latest'],
  confirm: [],
  ...more,
});

async function leaveSomething(): Promise<Command & { readonly runId: string }> {
  const command = drill();
  const stopped = stand.proxy.before(/ANALYZE/, () => stand.cluster.control('stop'));
  const end = await stand.run(command);
  await stopped;
  await stand.cluster.control('start');
  expect(end.status, end.text).toBe(1);
  expect(await stand.databases(), end.text).toEqual({ shop: 'old', shop__restore_: 'restored' });
  const runId = await newestRun(command.logs);
  expect(end.text).toContain(`thaw discard ${runId}`);
  return { ...command, runId };
}

describe('What a drill could not take away', () => {
  it('is taken away by discard, and the record keeps its result', async () => {
    const { runId, ...command } = await leaveSomething();
    const before = (await readRecord(command.logs)).result;
    const end = await stand.run({ ...command, action: ['discard'], confirm: [runId] });
    expect(end.status, end.text).toBe(0);
    expect(await stand.databases()).toEqual({ shop: 'old' });
    const record = await readRecord(command.logs);
    expect(record.result).toEqual(before);
    expect(record.cleanUp.map(({ verdict }) => verdict)).toEqual(['passed', 'passed']);
    const verified = await stand.run({ ...command, action: ['records', 'verify', runId], confirm: [] });
    expect(verified.status, verified.text).toBe(0);
    const again = await stand.run({ ...command, action: ['discard', runId], confirm: [runId] });
    expect(again.status, again.text).not.toBe(0);
    expect(again.text).toContain('is over already');
  });

  it('is swept by the next drill, from whichever log folder, which says so', async () => {
    await leaveSomething();
    const next = drill();
    const end = await stand.run(next);
    expect(await stand.databases(), end.text).toEqual({ shop: 'old' });
    expect(end.text).toMatch(/shop__restore_\w+ dropped, which the drill \S+-shop-drill-\w+ had left behind/);
  });

  it('is not what a live run made and may go on with, nor what somebody else made', async () => {
    const live: Command = { as: 'superuser', logs: stand.newLogs(), confirm: [] };
    expect((await stand.run(live)).status).toBe(4);
    const waiting = await stand.nameOf(/__restore_/);
    await stand.cluster.sql(
      'postgres',
      'CREATE DATABASE shop_copy TEMPLATE shop',
      `COMMENT ON DATABASE shop_copy IS 'thaw run 2026-01-01T0000Z-shop-drill-a1b2c3'`,
    );
    const end = await stand.run(drill());
    expect(end.text).not.toMatch(/had left behind/);
    expect(Object.keys(await stand.databases())).toEqual(['shop', 'shop__restore_', 'shop_copy']);
    expect(await stand.nameOf(/__restore_/)).toBe(waiting);
    const resumed = await stand.run({ ...live, action: ['resume'], confirm: ['shop'] });
    expect((await stand.databases()).shop, resumed.text).toBe('restored');
  });

  it('is not what a drill of another database of this server is at work with', async () => {
    const other = 'thaw run 2026-01-01T0000Z-store-drill-a1b2c3';
    const name = `store__restore_${createHash('sha256').update(other.slice('thaw run '.length)).digest('hex').slice(0, 6)}`;
    onTestFinished(
      async () => void (await stand.cluster.sql('postgres', `DROP DATABASE IF EXISTS "${name}"`)),
    );
    await stand.cluster.sql(
      'postgres',
      `CREATE DATABASE "${name}" TEMPLATE shop`,
      `COMMENT ON DATABASE "${name}" IS '${other}'`,
    );
    const end = await stand.run(drill());
    expect(end.text).not.toMatch(/had left behind/);
    expect(
      await stand.cluster.sql('postgres', `SELECT datname FROM pg_database WHERE datname = '${name}'`),
    ).toEqual([{ datname: name }]);
  });

  it('is the role of a drill that was killed when its database was gone already, too', async () => {
    await stand.killBefore(/DROP OWNED BY/, drill());
    const roles = () =>
      stand.cluster.sql('postgres', "SELECT rolname FROM pg_roles WHERE rolname LIKE 'thaw_cell_%'");
    expect(await roles()).toHaveLength(1);
    expect(await stand.databases()).toEqual({ shop: 'old' });
    const end = await stand.run(drill());
    expect(await roles(), end.text).toEqual([]);
    expect(end.text).toMatch(
      /role thaw_cell_\w+ dropped, which the drill \S+-shop-drill-\w+ had left behind/,
    );
  });
});
