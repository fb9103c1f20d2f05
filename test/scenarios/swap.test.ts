import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newestRun } from '../parts/run-log.ts';
import { type Command, type SwapStand, startSwapStand, type Who } from './swap/stand.ts';

let stand: SwapStand;
const guests: pg.Client[] = [];

beforeAll(async () => {
  stand = await startSwapStand();
});
beforeEach(() => stand.reset());
afterEach(async () => {
  for (const guest of guests.splice(0)) await guest.end().catch(() => undefined);
});
afterAll(() => stand?.remove());

const whole = { shop: 'restored', shop__before_: 'old' };
const untouched = { shop: 'old', shop__restore_: 'restored' };

async function arrive(database: string): Promise<pg.Client> {
  const guest = await stand.cluster.connect(stand.cluster.urlOf(database));
  guests.push(guest);
  return guest;
}

async function arriveAtIncoming(): Promise<pg.Client> {
  return arrive(await stand.nameOf(/__restore_/));
}

const everybody: readonly Who[] = ['owner', 'superuser'];

describe.each(everybody)('The swap of databases through the URL of the %s', (as) => {
  const command = (more: Partial<Command> = {}): Command => ({ as, logs: stand.newLogs(), ...more });

  /** The run was killed just before its first rename, and somebody or something renamed the old one all the same. */
  async function leaveHalfSwapped(one: Command): Promise<void> {
    await stand.killBefore(/RENAME TO/, one);
    const kept = (await stand.nameOf(/__restore_/)).replace('__restore_', '__before_');
    await stand.cluster.sql('postgres', `ALTER DATABASE shop RENAME TO "${kept}"`);
    expect(await stand.databases()).toEqual({ shop__before_: 'old', shop__restore_: 'restored' });
  }

  it('leaves a whole production when a superuser comes to the incoming database between the renames', async () => {
    const one = command();
    const came = stand.proxy.before(/RENAME TO "shop"/, async () => void (await arriveAtIncoming()));
    // A door that is closed by then is as good as a guest who is outlived.
    came.catch(() => undefined);
    const end = await stand.run(one);
    expect(await stand.databases(), end.text).toEqual(whole);
    expect(await stand.isOpen('shop')).toBe(true);
  });

  it('names a prepared transaction on the incoming database before anything of production is touched', async () => {
    const one = command();
    const oid = await stand.oidOf('shop');
    const prepared = stand.proxy.before(/ANALYZE/, async () => {
      const guest = await arriveAtIncoming();
      await guest.query("BEGIN; CREATE TABLE gift (id int); PREPARE TRANSACTION 'a gift'");
      await guest.end();
    });
    const end = await stand.run(one);
    await prepared;
    expect(end.status, end.text).toBe(1);
    expect(await stand.databases(), end.text).toEqual(untouched);
    expect(await stand.oidOf('shop')).toBe(oid);
    expect(await stand.isOpen('shop')).toBe(true);
    expect(end.text).toMatch(/prepared transaction 'a gift' of postgres/);
    expect(end.text).toContain("ROLLBACK PREPARED 'a gift'");
    await stand.cluster.sql(await stand.nameOf(/__restore_/), "ROLLBACK PREPARED 'a gift'");
    const again = await stand.run({ ...one, action: ['resume'] });
    expect(await stand.databases(), again.text).toEqual(whole);
  });

  it('is undone by rollback when only the first half of it was done', async () => {
    const one = command();
    const oid = await stand.oidOf('shop');
    await leaveHalfSwapped(one);
    const unnamed = await stand.run({ ...one, action: ['rollback'], confirm: ['another'] });
    expect(unnamed.status, unnamed.text).toBe(4);
    expect(await stand.databases()).toEqual({ shop__before_: 'old', shop__restore_: 'restored' });
    const end = await stand.run({ ...one, action: ['rollback'] });
    expect(end.status, end.text).toBe(0);
    expect(await stand.databases(), end.text).toEqual(untouched);
    expect(await stand.oidOf('shop')).toBe(oid);
    expect(await stand.isOpen('shop')).toBe(true);
    // It asks again, and goes on from what was restored.
    const again = await stand.run({ ...one, action: ['resume'] });
    expect(await stand.databases(), again.text).toEqual(whole);
  });

  it('is ended by resume when only the first half of it was done', async () => {
    const one = command();
    await leaveHalfSwapped(one);
    const end = await stand.run({ ...one, action: ['resume'] });
    expect(await stand.databases(), end.text).toEqual(whole);
    expect(await stand.isOpen('shop')).toBe(true);
  });

  it('cannot be discarded half done, and is told a way that leads on', async () => {
    const one = command();
    await leaveHalfSwapped(one);
    const refused = await stand.run({ ...one, action: ['discard'], confirm: [await runIdOf(one)] });
    expect(refused.status, refused.text).not.toBe(0);
    expect(refused.text).toMatch(/thaw rollback/);
    expect((await stand.run({ ...one, action: ['rollback'] })).status).toBe(0);
    const end = await stand.run({ ...one, action: ['discard'], confirm: [await runIdOf(one)] });
    expect(end.status, end.text).toBe(0);
    expect(await stand.databases(), end.text).toEqual({ shop: 'old' });
    expect(await stand.isOpen('shop')).toBe(true);
  });

  it('gives production back when the second half cannot be done', async () => {
    const one = command();
    await leaveHalfSwapped(one);
    const incoming = await stand.nameOf(/__restore_/);
    await stand.cluster.sql('postgres', `ALTER DATABASE "${incoming}" ALLOW_CONNECTIONS true`);
    const guest = await arrive(incoming);
    await guest.query("BEGIN; CREATE TABLE gift (id int); PREPARE TRANSACTION 'late'");
    await guest.end();
    const end = await stand.run({ ...one, action: ['resume'] });
    expect(end.status, end.text).toBe(1);
    expect(await stand.databases(), end.text).toEqual(untouched);
    expect(await stand.isOpen('shop')).toBe(true);
    expect(end.text).toMatch(/shop has its old name again|is the old database again/);
    await stand.cluster.sql(incoming, "ROLLBACK PREPARED 'late'");
    const again = await stand.run({ ...one, action: ['resume'] });
    expect(await stand.databases(), again.text).toEqual(whole);
  });

  describe('killed after it closed the door of production', () => {
    const killed = async (): Promise<Command> => {
      const one = command();
      await stand.killBefore(/RENAME TO/, one);
      expect(await stand.isOpen('shop')).toBe(false);
      return one;
    };

    it('is ended by resume', async () => {
      const one = await killed();
      const end = await stand.run({ ...one, action: ['resume'] });
      expect(await stand.databases(), end.text).toEqual(whole);
      expect(await stand.isOpen('shop')).toBe(true);
    });

    it('is undone by rollback: the door is open again', async () => {
      const one = await killed();
      const end = await stand.run({ ...one, action: ['rollback'] });
      expect(end.status, end.text).toBe(0);
      expect(await stand.databases()).toEqual(untouched);
      expect(await stand.isOpen('shop')).toBe(true);
      const again = await stand.run({ ...one, action: ['resume'] });
      expect(await stand.databases(), again.text).toEqual(whole);
    });

    it('is given up by discard: the door is open again, and what was restored is gone', async () => {
      const one = await killed();
      const end = await stand.run({ ...one, action: ['discard'], confirm: [await runIdOf(one)] });
      expect(end.status, end.text).toBe(0);
      expect(await stand.databases()).toEqual({ shop: 'old' });
      expect(await stand.isOpen('shop')).toBe(true);
    });
  });
});

describe('The swap of databases', () => {
  it('names a superuser on the incoming database whom the owner may not send away, and touches nothing', async () => {
    const one: Command = { as: 'owner', logs: stand.newLogs() };
    const came = stand.proxy.before(/ANALYZE/, async () => void (await arriveAtIncoming()));
    const end = await stand.run(one);
    await came;
    expect(end.status, end.text).toBe(1);
    expect(await stand.databases(), end.text).toEqual(untouched);
    expect(await stand.isOpen('shop')).toBe(true);
    expect(end.text).toMatch(/server process \d+, crm web as postgres/);
    expect(end.text).toMatch(/SELECT pg_terminate_backend\(\d+\)/);
    for (const guest of guests.splice(0)) await guest.end();
    const again = await stand.run({ ...one, action: ['resume'] });
    expect(await stand.databases(), again.text).toEqual(whole);
  });

  it('goes on by resume after the server was restarted with the door of production closed', async () => {
    const one: Command = { as: 'owner', logs: stand.newLogs() };
    const stopped = stand.proxy.before(/RENAME TO/, () => stand.cluster.control('stop'));
    const end = await stand.run(one);
    await stopped;
    await stand.cluster.control('start');
    expect(end.status, end.text).toBe(1);
    expect(end.text).toMatch(/shop may be closed/);
    expect(end.text).toMatch(/`thaw resume` ends the swap, and `thaw rollback` undoes it/);
    expect(await stand.isOpen('shop')).toBe(false);
    const again = await stand.run({ ...one, action: ['resume'] });
    expect(await stand.databases(), again.text).toEqual(whole);
    expect(await stand.isOpen('shop')).toBe(true);
  });

  it.each([
    ['read only', 'default_transaction_read_only TO on'],
    ['impatient', "statement_timeout TO '900ms'"],
    ['shy of locks', "lock_timeout TO '1ms'"],
    ['soon bored', "idle_in_transaction_session_timeout TO '50ms'"],
  ])('is not disturbed by a role that is %s', async (_how, setting) => {
    await stand.cluster.sql('postgres', `ALTER ROLE shopkeeper SET ${setting}`);
    const end = await stand.run({ as: 'owner', logs: stand.newLogs() });
    expect(await stand.databases(), end.text).toEqual(whole);
  });
});

describe('The check before writers are stopped', () => {
  const check = (as: Who) =>
    stand.run({ as, logs: stand.newLogs(), action: ['check', 'shop.yaml'], confirm: [] });

  it('names a prepared transaction on production', async () => {
    const guest = await arrive('shop');
    await guest.query("BEGIN; CREATE TABLE gift (id int); PREPARE TRANSACTION 'half done'");
    for (const as of everybody) {
      const end = await check(as);
      expect(end.status, end.text).toBe(3);
      expect(end.text).toMatch(/prepared transaction 'half done' of postgres/);
    }
  });

  it('names a superuser on production whom the owner may not send away', async () => {
    await arrive('shop');
    const end = await check('owner');
    expect(end.status, end.text).toBe(3);
    expect(end.text).toMatch(/crm web as postgres/);
    expect((await check('superuser')).text).not.toMatch(/crm web as postgres/);
  });

  it('names the connection limit of a role that is too low', async () => {
    for (const limit of [0, 2]) {
      await stand.cluster.sql('postgres', `ALTER ROLE shopkeeper CONNECTION LIMIT ${limit}`);
      const end = await check('owner');
      expect(end.status, end.text).toBe(3);
      expect(end.text).toMatch(/CONNECTION LIMIT/);
      expect(end.text).not.toMatch(/max_connections/);
    }
  });
});

describe('Two operators at one database', () => {
  const one = (): Command => ({ as: 'owner', logs: stand.newLogs() });
  /** Then the server is asked whether it still works on a statement (session.ts). */
  const silenceMs = 10_000;
  const loseLease = () =>
    stand.cluster.sql(
      'postgres',
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'thaw lease shop'",
    );

  it.each([
    ['while it restores', /ANALYZE/],
    ['at its first rename', /RENAME TO/],
  ])(
    'do not swap out what the other restored, when the first loses its lease %s',
    async (_when, statement) => {
      const first = one();
      const second: Command = { ...one(), direct: true, apart: true };
      let between = '';
      let heldMs = 0;
      const overtaken = stand.proxy.before(statement, async () => {
        const beganMs = performance.now();
        await loseLease();
        const end = await stand.run(second);
        between = end.text;
        heldMs = performance.now() - beganMs;
      });
      const end = await stand.run({ ...first, apart: true });
      await overtaken;
      const mark = /shop__before_\w+/.exec(between)?.[0] ?? between;
      expect(await stand.databases(), between + end.text).toMatchObject({
        shop: 'restored',
        shop__before_: 'old',
      });
      expect(await stand.oidOf(mark), between).not.toBe('');
      expect(end.status, end.text).toBe(1);
      const another = /shop at \S+ is another database than at the beginning/;
      // On a busy host the other one takes longer than a connection may be silent.
      const orLost = new RegExp(`${another.source}|the connection is lost`);
      expect(end.text).toMatch(heldMs < silenceMs ? another : orLost);
      expect(await stand.isOpen('shop')).toBe(true);
      const again = await stand.run({ ...first, action: ['resume'] });
      expect(again.status, again.text).not.toBe(0);
      expect(again.text).toMatch(/is another database than at the beginning/);
      const given = await stand.run({ ...first, action: ['discard'], confirm: [await runIdOf(first)] });
      expect(given.status, given.text).toBe(0);
      expect(await stand.databases()).toEqual(whole);
      expect(await stand.isOpen('shop')).toBe(true);
    },
  );

  it("are in nobody else's way: a lease that was lost is taken again while the database is the same", async () => {
    const lost = stand.proxy.before(/ANALYZE/, async () => void (await loseLease()));
    const end = await stand.run(one());
    await lost;
    expect(await stand.databases(), end.text).toEqual(whole);
  });

  it('do not roll back over what a later run restored', async () => {
    const first = one();
    await stand.run(first);
    const oid = await stand.oidOf('shop');
    await stand.run(one());
    const now = await stand.oidOf('shop');
    expect(now).not.toBe(oid);
    const end = await stand.run({ ...first, action: ['rollback'] });
    expect(end.status, end.text).not.toBe(0);
    expect(end.text).toMatch(/shop at \S+ is another database than the one that this run put there/);
    expect(await stand.oidOf('shop')).toBe(now);
  });
});

function runIdOf({ logs }: Command): Promise<string> {
  return newestRun(logs);
}
