import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newestRun, readRecord } from '../parts/run-log.ts';
import { type Command, type SwapStand, startSwapStand } from './swap/stand.ts';

/** The work folder lay on a disk that a restart emptied, or somebody made room. */

let stand: SwapStand;

beforeAll(async () => {
  stand = await startSwapStand();
});
beforeEach(() => stand.reset());
afterAll(() => stand?.remove());

async function killedBeforeTheRestore(): Promise<Command & { readonly work: string }> {
  const command: Command = { as: 'owner', logs: stand.newLogs() };
  await stand.killBefore(/CREATE DATABASE/, command);
  return { ...command, work: join(command.logs, await newestRun(command.logs), 'work') };
}

describe('A run whose work folder is gone', () => {
  it('fetches and unpacks again by itself, and says so in the record', async () => {
    const { work, ...command } = await killedBeforeTheRestore();
    rmSync(work, { recursive: true });
    const end = await stand.run({ ...command, action: ['resume'] });
    expect(await stand.databases(), end.text).toEqual({ shop: 'restored', shop__before_: 'old' });
    expect(end.text).toContain('the unpacked dump is gone');
    const record = await readRecord(command.logs);
    const attempts = record.steps.map(({ id, outcome, attempts: all }) => `${id} ${outcome} ${all.length}`);
    expect(attempts).toEqual([
      'choose-snapshot passed 1',
      'fetch passed 2',
      'decrypt passed 3',
      'restore-database passed 3',
    ]);
  });

  it('unpacks again what only the unpacked dump is missing of', async () => {
    const { work, ...command } = await killedBeforeTheRestore();
    rmSync(join(work, 'archive.dump'));
    expect(readdirSync(work)).toContain('shop-2026-11-19.dump');
    const end = await stand.run({ ...command, action: ['resume'] });
    expect(await stand.databases(), end.text).toEqual({ shop: 'restored', shop__before_: 'old' });
    expect(end.text).not.toMatch(/step 2 of 4, Fetch: begun/);
  });

  it.each([
    ['the unpacked dump', ['archive.dump'], /step 3 of 4, Decrypt and unpack: begun/],
    ['both', ['archive.dump', 'shop-2026-11-19.dump'], /step 2 of 4, Fetch: begun/],
  ])(
    'whose %s was changed makes it again, instead of failing with it for ever',
    async (_what, names, again) => {
      const { work, ...command } = await killedBeforeTheRestore();
      for (const name of names) {
        const bytes = readFileSync(join(work, name));
        // In the middle of the rows, and as long as before.
        bytes.fill(0, bytes.length - 40, bytes.length - 20);
        writeFileSync(join(work, name), bytes);
      }
      const end = await stand.run({ ...command, action: ['resume'] });
      expect(await stand.databases(), end.text).toEqual({ shop: 'restored', shop__before_: 'old' });
      expect(end.text).toContain('the unpacked dump is not what this run wrote there any more');
      expect(end.text).toMatch(again);
    },
  );

  it('needs nothing of it once the database is restored', async () => {
    const command: Command = { as: 'superuser', logs: stand.newLogs() };
    const asked = await stand.run({ ...command, confirm: [] });
    expect(asked.status, asked.text).toBe(4);
    rmSync(join(command.logs, await newestRun(command.logs), 'work'), { recursive: true });
    const end = await stand.run({ ...command, action: ['resume'] });
    expect(await stand.databases(), end.text).toEqual({ shop: 'restored', shop__before_: 'old' });
    expect(end.text).not.toMatch(/is gone/);
  });
});
