import { describe, expect, it } from 'vitest';
import { succeed } from '../../../src/base/failure.ts';
import { guardServer } from '../../../src/registry/with-permits.ts';
import { exportQuery } from '../../../src/steps/export-query/export-query.ts';
import { exportQueryKind } from '../../../src/steps/export-query/kind.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';
import { createFakeWorld } from '../../fakes/fake-world.ts';

const step = exportQueryKind.schema.parse({
  kind: 'export-query',
  query: 'SELECT id, name FROM connectors',
  into: '/export/connectors.csv',
  never: ['config'],
}) as never;

function contextWith(
  rows: readonly Readonly<Record<string, string | null>>[],
  mode: 'live' | 'drill' = 'live',
) {
  const world = createFakeWorld();
  const server = { ...guardServer(world.production), query: async () => succeed(rows) };
  return createFakeContext({ mode, world: { ...world, openDatabaseServer: () => server } });
}

describe('exporting a query', () => {
  it('writes the rows as CSV that tells an empty text from none, and looks at the file afterwards', async () => {
    const context = contextWith([
      { id: '1', name: 'plain' },
      { id: '2', name: 'with "quotes", commas\nand lines' },
      { id: '3', name: '' },
      { id: '4', name: null },
    ]);
    expect(await exportQuery.run(step, context)).toMatchObject({ ok: true });
    expect(context.world.host.files.get('/export/connectors.csv')?.toString()).toBe(
      'id,name\n1,plain\n2,"with ""quotes"", commas\nand lines"\n3,""\n4,\n',
    );
    expect(words(await exportQuery.verify(step, context))[0]).toMatch(/^passed: 4 rows/);
    context.world.host.files.set('/export/connectors.csv', Buffer.from('changed'));
    expect(words(await exportQuery.verify(step, context))[0]).toMatch(/^failed/);
  });

  it('refuses a query that shows a column which must never be in a file, and writes nothing', async () => {
    const context = contextWith([{ id: '1', config: 'a bind password' }]);
    const refused = await exportQuery.run(step, context);
    expect(refused).toMatchObject({ ok: false, failure: { code: 'invalid-input' } });
    expect(JSON.stringify(refused)).not.toContain('bind password');
    expect(context.world.host.files.size).toBe(0);
  });

  it('in a drill writes into the work folder alone', async () => {
    const context = contextWith([{ id: '1' }], 'drill');
    await exportQuery.run(step, context);
    expect([...context.world.host.files.keys()]).toEqual(['/scratch/export-query.csv']);
  });
});
