import { describe, expect, it } from 'vitest';
import type { Failure } from '../../src/base/failure.ts';
import type { Swap } from '../../src/steps/facts.ts';
import { hasSwapBegun, swapDatabases } from '../../src/steps/swap-databases.ts';
import { createFakeDatabaseServer, type FakeDatabase } from '../fakes/fake-database-server.ts';

const swap: Swap = { target: 'crm', side: 'crm__restore', kept: 'crm__before', hadTarget: true };
const fresh: Swap = { ...swap, hadTarget: false };
const old: FakeDatabase = { content: 'old' };
const restored: FakeDatabase = { content: 'restored' };
const client = { pid: 1, user: 'crm', application: 'web', address: '10.0.0.9', state: 'idle' };
const refused: Failure = { code: 'conflict', message: 'In use.', remedy: 'Retry.', retry: 'safe' };

function names(databases: ReadonlyMap<string, FakeDatabase>) {
  return Object.fromEntries([...databases].map(([name, { content }]) => [name, content]));
}

const carrySettings = true;

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
      expect(await swapDatabases(server, { ...given, carrySettings })).toEqual({
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
      expect((await swapDatabases(server, { ...fresh, carrySettings })).ok).toBe(true);
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
    const outcome = await swapDatabases(server, { ...given, carrySettings });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'conflict' } });
    expect(server.changes).toEqual([]);
  });

  it('ends the same wherever it crashes, and whatever it crashes at again', async () => {
    const undisturbed = createFakeDatabaseServer({ databases: { crm: old, crm__restore: restored } });
    await swapDatabases(undisturbed, { ...swap, carrySettings });
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
          await swapDatabases(server, { ...swap, carrySettings }).catch(() => undefined);
          databases = Object.fromEntries(server.databases);
        }
        expect(names(new Map(Object.entries(databases)))).toEqual({ crm: 'restored', crm__before: 'old' });
        expect(databases.crm?.allowsConnections).toBe(true);
      }
    }
  });

  it.each(['close', 'terminate crm', 'rename'])('opens production again when it cannot %s', async (call) => {
    const server = createFakeDatabaseServer({ databases: { crm: old, crm__restore: restored } });
    server.failNext(call, refused);
    expect(await swapDatabases(server, { ...swap, carrySettings })).toEqual({ ok: false, failure: refused });
    expect(names(server.databases)).toEqual({ crm: 'old', crm__restore: 'restored' });
    expect(server.databases.get('crm')?.allowsConnections).toBe(true);
    expect(await hasSwapBegun(server, swap)).toEqual({ ok: true, value: false });
  });

  it('does not touch production when somebody on the new database cannot be sent away', async () => {
    const server = createFakeDatabaseServer({ databases: { crm: old, crm__restore: restored } });
    server.failNext('terminate crm__restore', refused);
    expect(await swapDatabases(server, { ...swap, carrySettings })).toEqual({ ok: false, failure: refused });
    expect(server.changes).toEqual([]);
  });

  it('has begun as soon as one database carries another name', async () => {
    const begun = async (databases: Record<string, FakeDatabase>) =>
      hasSwapBegun(createFakeDatabaseServer({ databases }), swap);
    expect(await begun({ crm: old, crm__restore: restored })).toEqual({ ok: true, value: false });
    expect(await begun({ crm__restore: restored, crm__before: old })).toEqual({ ok: true, value: true });
    expect(await begun({ crm: restored, crm__before: old })).toEqual({ ok: true, value: true });
  });
});
