import { describe, expect, it } from 'vitest';
import { createGuard } from '../../../src/engine/guard.ts';
import { guardServer } from '../../../src/registry/with-permits.ts';
import { rollBackSwap } from '../../../src/steps/restore-database/roll-back-swap.ts';
import { createFakeDatabaseServer, type FakeDatabase } from '../../fakes/fake-database-server.ts';

const swap = {
  target: 'crm',
  incoming: 'crm__restore',
  kept: 'crm__before',
  hadTarget: true,
  undone: 'crm__undone',
};
const guard = createGuard({ runId: 'run', agreed: () => true });
const old: FakeDatabase = { content: 'old', allowsConnections: false };
const restored: FakeDatabase = { content: 'restored' };

const contents = (databases: ReadonlyMap<string, FakeDatabase>) =>
  Object.fromEntries([...databases].map(([name, { content }]) => [name, content]));

describe('rolling a swap back', () => {
  it.each([
    ['whole', { crm: restored, crm__before: old }],
    ['half rolled back', { crm__undone: restored, crm__before: old }],
    ['rolled back already', { crm: old, crm__undone: restored }],
  ])(
    'brings the old database back from a swap that is %s, and keeps the restored one',
    async (_how, databases) => {
      const server = createFakeDatabaseServer({ databases });
      expect((await rollBackSwap(guardServer(server), { ...swap, guard })).ok).toBe(true);
      expect(contents(server.databases)).toEqual({ crm: 'old', crm__undone: 'restored' });
      expect(server.databases.get('crm')?.allowsConnections).toBe(true);
    },
  );

  it('touches nothing when the old database is gone', async () => {
    const server = createFakeDatabaseServer({ databases: { crm: restored } });
    expect(await rollBackSwap(guardServer(server), { ...swap, guard })).toMatchObject({
      ok: false,
      failure: { code: 'not-found' },
    });
    expect(server.changes).toEqual([]);
  });
});
