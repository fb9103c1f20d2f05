import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newestRun } from '../parts/run-log.ts';
import { type Command, type SwapStand, startSwapStand } from './swap/stand.ts';

let stand: SwapStand;

beforeAll(async () => {
  stand = await startSwapStand();
});
beforeEach(() => stand.reset());
afterAll(() => stand?.remove());

describe('thaw stop', () => {
  it('stops the run of another process at its next safe point, waits until it has let go, and resume goes on', async () => {
    const one: Command = { as: 'owner', logs: stand.newLogs() };
    let stopping: ReturnType<SwapStand['start']> | undefined;
    const asked = stand.proxy.before(/ANALYZE/, async () => {
      stopping = stand.start({ ...one, action: ['stop'], confirm: [] });
      await stopping.waitFor(/Asked process/);
    });
    const thaw = stand.start(one);
    await asked;
    const end = await thaw.ended;
    const said = await stopping?.ended;
    const runId = await newestRun(one.logs);
    expect(said, said?.text).toMatchObject({ status: 0 });
    expect(said?.text).toContain(`Run ${runId} is stopped. Go on with: thaw resume ${runId}`);
    expect(end.signal).toBeUndefined();
    expect((await stand.databases()).shop, end.text).toBe('old');
    const resumed = await stand.run({ ...one, action: ['resume'] });
    expect(await stand.databases(), resumed.text).toEqual({ shop: 'restored', shop__before_: 'old' });
  });

  it('says so where no run is under way, or nobody works on the one that is named', async () => {
    const one: Command = { as: 'owner', logs: stand.newLogs(), confirm: [] };
    const none = await stand.run({ ...one, action: ['stop'] });
    expect(none, none.text).toMatchObject({ status: 2 });
    expect(none.text).toContain('No run is under way');
    await stand.run({ ...one, confirm: ['shop'] });
    const over = await stand.run({ ...one, action: ['stop', await newestRun(one.logs)] });
    expect(over, over.text).toMatchObject({ status: 2 });
    expect(over.text).toContain('Nobody works on run');
  });
});
