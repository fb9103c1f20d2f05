import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/base/failure.ts';
import { createGuard } from '../../../src/engine/guard.ts';
import type { Swap } from '../../../src/kinds/facts.ts';
import type { ForeignSession } from '../../../src/ports/database-server.ts';
import { guardServer } from '../../../src/registry/with-permits.ts';
import { lookAtSwap, swapDatabases, undoSwap } from '../../../src/steps/restore-database/swap-databases.ts';
import { createFakeDatabaseServer, type FakeDatabase } from '../../fakes/fake-database-server.ts';

const swap: Swap = { target: 'crm', incoming: 'crm__restore', kept: 'crm__before', hadTarget: true };
const fresh: Swap = { ...swap, hadTarget: false };
const old: FakeDatabase = { content: 'old' };
const restored: FakeDatabase = { content: 'restored' };
const client = { pid: 1, user: 'crm', application: 'web', address: '10.0.0.9', state: 'idle' };
const refused: Failure = { code: 'conflict', message: 'In use.', remedy: 'Retry.', retry: 'safe' };

function names(databases: ReadonlyMap<string, FakeDatabase>) {
  return Object.fromEntries([...databases].map(([name, { content }]) => [name, content]));
}

const agreed = { carry: { comment: undefined }, guard: createGuard({ runId: 'run', agreed: () => true }) };

describe('a swap of databases', () => {
  it.each([
    ['not begun', swap, { crm: old, crm__restore: restored }],
    [
      'begun, with the doors closed',
      swap,
      { crm: { ...old, allowsConnections: false }, crm__restore: restored },
    ],
    [
      'half done: the old one is aside',
      swap,
      { crm__restore: restored, crm__before: { ...old, allowsConnections: false } },
    ],
    ['done', swap, { crm: restored, crm__before: old }],
    [
      'done, with the doors closed',
      swap,
      { crm: { ...restored, allowsConnections: false }, crm__before: old },
    ],
    [
      'under clients that came back',
      swap,
      { crm: { ...old, sessions: [client] }, crm__restore: { ...restored, sessions: [client] } },
    ],
  ])(
    'that is %s ends with the restored one in place and the old one aside',
    async (_how, given, databases) => {
      const server = createFakeDatabaseServer({ databases });
      expect(await swapDatabases(guardServer(server), { ...given, ...agreed })).toEqual({
        ok: true,
        value: undefined,
      });
      expect(names(server.databases)).toEqual({ crm: 'restored', crm__before: 'old' });
      expect(server.databases.get('crm')?.allowsConnections ?? true).toBe(true);
    },
  );

  it.each([
    ['not begun', { crm__restore: restored }],
    ['done', { crm: restored }],
  ])(
    'where there was no old one, and that is %s, ends with the restored one in place',
    async (_how, databases) => {
      const server = createFakeDatabaseServer({ databases });
      expect((await swapDatabases(guardServer(server), { ...fresh, ...agreed })).ok).toBe(true);
      expect(names(server.databases)).toEqual({ crm: 'restored' });
    },
  );

  it.each([
    ['all three', swap, { crm: old, crm__restore: restored, crm__before: old }],
    ['none', swap, {}],
    ['only the old one under its own name', swap, { crm: old }],
    ['only the new one', swap, { crm__restore: restored }],
    ['only the one put aside', swap, { crm__before: old }],
    ['an old one where there was none', fresh, { crm: old, crm__restore: restored }],
    ['one put aside where there was none', fresh, { crm__restore: restored, crm__before: old }],
  ])('does not touch %s: that was somebody else', async (_which, given, databases) => {
    const server = createFakeDatabaseServer({ databases });
    const outcome = await swapDatabases(guardServer(server), { ...given, ...agreed });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'conflict' } });
    expect(server.changes).toEqual([]);
  });

  it('ends the same wherever it crashes, and whatever it crashes at again', async () => {
    const undisturbed = createFakeDatabaseServer({ databases: { crm: old, crm__restore: restored } });
    await swapDatabases(guardServer(undisturbed), { ...swap, ...agreed });
    const steps = undisturbed.changes.length;
    expect(steps).toBeGreaterThanOrEqual(7);
    for (let first = 0; first < steps; first += 1) {
      for (let second = 0; second <= steps; second += 1) {
        let databases: Record<string, FakeDatabase> = { crm: old, crm__restore: restored };
        for (const crashAt of [first, second, Number.POSITIVE_INFINITY]) {
          let left = crashAt;
          const server = createFakeDatabaseServer({
            databases,
            beforeChange: () => {
              if (left-- === 0) throw new Error('crash');
            },
          });
          await swapDatabases(guardServer(server), { ...swap, ...agreed }).catch(() => undefined);
          databases = Object.fromEntries(server.databases);
        }
        expect(names(new Map(Object.entries(databases)))).toEqual({ crm: 'restored', crm__before: 'old' });
        expect(databases.crm?.allowsConnections).toBe(true);
      }
    }
  });

  it.each(['close', 'close crm', 'terminate crm', 'rename'])(
    'opens production again when it cannot %s',
    async (call) => {
      const server = createFakeDatabaseServer({ databases: { crm: old, crm__restore: restored } });
      server.failNext(call, refused);
      expect(await swapDatabases(guardServer(server), { ...swap, ...agreed })).toEqual({
        ok: false,
        failure: refused,
      });
      expect(names(server.databases)).toEqual({ crm: 'old', crm__restore: 'restored' });
      expect(server.databases.get('crm')?.allowsConnections ?? true).toBe(true);
      expect(await lookAtSwap(server, swap)).toMatchObject({ ok: true, value: { stage: 'not-begun' } });
    },
  );

  it('does not touch production when somebody on the new database cannot be sent away', async () => {
    const server = createFakeDatabaseServer({ databases: { crm: old, crm__restore: restored } });
    server.failNext('terminate crm__restore', refused);
    expect(await swapDatabases(guardServer(server), { ...swap, ...agreed })).toEqual({
      ok: false,
      failure: refused,
    });
    // The door that was closed first is the one of the new database, and it is open again.
    expect(server.changes).toEqual(['close crm__restore', 'open crm__restore']);
    expect(names(server.databases)).toEqual({ crm: 'old', crm__restore: 'restored' });
  });

  it.each(['crm', 'crm__restore'] as const)('closes no door while something holds %s', async (held) => {
    const root: ForeignSession = { ...client, pid: 7, user: 'postgres', protectedBy: 'superuser' };
    const gift = { gid: "it's", owner: 'crm', preparedAtMs: 0 };
    for (const holds of [{ sessions: [root] }, { prepared: [gift] }]) {
      const databases = { crm: old, crm__restore: restored };
      const server = createFakeDatabaseServer({
        databases: { ...databases, [held]: { ...databases[held], ...holds } },
      });
      const outcome = await swapDatabases(guardServer(server), { ...swap, ...agreed });
      expect(outcome).toMatchObject({ ok: false, failure: { code: 'conflict', retry: 'safe' } });
      const { message = '', remedy = '' } = outcome.ok ? {} : outcome.failure;
      expect(message).toMatch(/server process 7, web as postgres|prepared transaction 'it''s' of crm/);
      expect(remedy).toMatch(/pg_terminate_backend\(7\);|ROLLBACK PREPARED 'it''s';/);
      expect(server.changes).toEqual([]);
    }
  });

  it('gives production back when the second half of a half swap is refused, and says so', async () => {
    const server = createFakeDatabaseServer({ databases: { crm__restore: restored, crm__before: old } });
    server.failNext('rename crm__restore -> crm', refused);
    expect(await swapDatabases(guardServer(server), { ...swap, ...agreed })).toMatchObject({
      ok: false,
      failure: { code: 'conflict', message: expect.stringContaining('crm is the old database again') },
    });
    expect(names(server.databases)).toEqual({ crm: 'old', crm__restore: 'restored' });
    expect(server.databases.get('crm')?.allowsConnections).toBe(true);
    expect(server.databases.get('crm__restore')?.allowsConnections).toBe(true);
  });

  it('tells the ways on when nothing can be undone either', async () => {
    const server = createFakeDatabaseServer({ databases: { crm__restore: restored, crm__before: old } });
    server.failNext('rename crm__restore -> crm', refused);
    server.failNext('rename crm__before -> crm', refused);
    const outcome = await swapDatabases(guardServer(server), { ...swap, ...agreed });
    expect(outcome).toMatchObject({
      ok: false,
      failure: {
        message: expect.stringContaining('be called crm__before'),
        remedy: expect.stringMatching(/thaw resume.*thaw rollback/),
      },
    });
  });

  it('believes what is there when the server did it and fell silent', async () => {
    const server = createFakeDatabaseServer({ databases: { crm: old, crm__restore: restored } });
    const guarded = guardServer(server);
    const silent = {
      ...guarded,
      renameDatabases: async (permit: Parameters<typeof guarded.renameDatabases>[0]) => {
        await guarded.renameDatabases(permit);
        return { ok: false as const, failure: { ...refused, code: 'unreachable' as const } };
      },
    };
    expect((await swapDatabases(silent, { ...swap, ...agreed })).ok).toBe(true);
    expect(server.databases.get('crm')).toMatchObject({ content: 'restored', allowsConnections: true });
  });

  it.each([
    ['before it', { crm: old, crm__restore: restored }, 'not-begun'],
    ['with a door closed', { crm: { ...old, allowsConnections: false }, crm__restore: restored }, 'closed'],
    [
      'with the door of the new one closed',
      { crm: old, crm__restore: { ...restored, allowsConnections: false } },
      'closed',
    ],
    ['with the old one aside', { crm__restore: restored, crm__before: old }, 'half'],
    ['after it', { crm: restored, crm__before: old }, 'done'],
    ['with all three', { crm: old, crm__restore: restored, crm__before: old }, 'foreign'],
  ])('is known %s, and undone as long as it has not ended', async (_when, databases, stage) => {
    const server = createFakeDatabaseServer({ databases });
    expect(await lookAtSwap(server, swap)).toMatchObject({ ok: true, value: { stage } });
    const undone = await undoSwap(guardServer(server), { ...swap, ...agreed });
    expect(undone.ok).toBe(stage !== 'done' && stage !== 'foreign');
    if (!undone.ok) {
      expect(server.changes).toEqual([]);
      return;
    }
    expect(names(server.databases)).toEqual({ crm: 'old', crm__restore: 'restored' });
    for (const { allowsConnections = true } of server.databases.values())
      expect(allowsConnections).toBe(true);
  });

  it('never moves a database that is another one than was looked at, and opens no door of it', async () => {
    const oidOf = async (content: string) => {
      const found = await createFakeDatabaseServer({ databases: { crm: { content } } }).describeDatabase(
        'crm',
      );
      return found.ok ? found.value?.oid : undefined;
    };
    const known = { targetOid: (await oidOf('old')) ?? 0, incomingOid: (await oidOf('restored')) ?? 0 };
    const stranger: FakeDatabase = {
      content: 'of another run',
      comment: 'thaw run other',
      allowsConnections: false,
    };
    for (const databases of [
      { crm: stranger, crm__restore: restored },
      { crm: old, crm__restore: stranger },
      { crm__restore: stranger, crm__before: old },
      { crm: stranger, crm__before: old },
    ]) {
      const server = createFakeDatabaseServer({ databases });
      const outcome = await swapDatabases(guardServer(server), { ...swap, ...known, ...agreed });
      expect(outcome).toMatchObject({ ok: false, failure: { code: 'conflict' } });
      expect(outcome.ok ? '' : outcome.failure.message).toMatch(/is another database than .* by run other/);
      expect(server.changes).toEqual([]);
    }
    const server = createFakeDatabaseServer({ databases: { crm: old, crm__restore: restored } });
    expect((await swapDatabases(guardServer(server), { ...swap, ...known, ...agreed })).ok).toBe(true);
  });
});
