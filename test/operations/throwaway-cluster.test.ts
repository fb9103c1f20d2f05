import { describe, expect, it } from 'vitest';
import { createSecret } from '../../src/base/secret.ts';
import { incomingNames } from '../../src/operations/incoming-database.ts';
import { guardClusters } from '../../src/registry/with-permits.ts';
import { restoreDatabase } from '../../src/steps/restore-database/restore-database.ts';
import { toyStep } from '../engine/toy-handlers.ts';
import { createFakeClusterTools } from '../fakes/fake-cluster-tools.ts';
import { createFakeContext, runId, words } from '../fakes/fake-context.ts';
import { createFakeWorld } from '../fakes/fake-world.ts';

const step = toyStep('restore-database') as never;
const place = { folder: '/scratch/run/work.cluster', runId };
const archive = Buffer.from('PGDMP');
const facts = {
  snapshot: { id: '14', key: 'pg/14', takenAtMs: 0, sizeBytes: 1, layers: [], loss: '' },
  'archive-file': { path: '/scratch/archive.dump', sizeBytes: archive.length, sha256: 's', how: 'x' },
};
const gone = { code: 'unreachable', message: 'Production is gone.', remedy: 'Wait.', retry: 'safe' } as const;

/** A drill without a server of its own: the sandbox is what its cluster holds. */
function contextOf() {
  const repository = { backups: [], major: 15, firstSegment: undefined, lastSegment: undefined };
  const clusters = createFakeClusterTools(repository);
  const world = { ...createFakeWorld(), clusters: guardClusters(clusters) };
  world.host.files.set(facts['archive-file'].path, archive);
  world.tools.restored = (database) => {
    const found = world.sandbox.databases.get(database);
    if (found !== undefined) world.sandbox.databases.set(database, { ...found, content: 'restored' });
  };
  const { targets } = createFakeContext({ mode: 'drill', world });
  const databaseUrl = createSecret('postgresql://postgres@sandbox/crm');
  const target = { ...targets.target, databaseUrl, throwaway: place };
  const context = createFakeContext({ mode: 'drill', world, facts, targets: { ...targets, target } });
  return { context, clusters, world };
}

describe('a drill in a cluster of its own', () => {
  it('is not blocked by a production that is gone: it asks it nothing to know that this is another server', async () => {
    const { context, world, clusters } = contextOf();
    world.production.failNext('identity', gone);
    world.production.failNext('describeDatabase', gone);
    const checks = words(await restoreDatabase.check(step, context));
    expect(checks).toEqual([
      `passed: the drill makes a PostgreSQL 15.4 of its own on this host, in ${place.folder}`,
      expect.stringMatching(/^(passed|could-not-verify): .* free/),
    ]);
    expect(clusters.changes).toEqual([]);
  });

  it('is refused where its folder is somebody else’s', async () => {
    const { context, clusters } = contextOf();
    clusters.place = { kind: 'taken', what: `${place.folder} holds 3 files or folders` };
    expect(words(await restoreDatabase.check(step, context))).toEqual([
      `failed: A throwaway cluster needs a folder of its own: ${place.folder} holds 3 files or folders.`,
    ]);
  });

  it('raises it, restores there, and removes all of it; what was never made is not spoken of', async () => {
    const { context, clusters, world } = contextOf();
    expect(await restoreDatabase.cleanUp?.(step, context)).toEqual([]);
    expect(await restoreDatabase.run(step, context)).toMatchObject({ ok: true });
    expect(clusters.changes).toEqual(['raise']);
    expect(context.commands[0]).toBe(`initdb --pgdata=${place.folder}`);
    expect([...world.sandbox.databases.keys()]).toEqual([incomingNames(runId, 'crm').incoming]);
    expect(words((await restoreDatabase.cleanUp?.(step, context)) ?? [])).toEqual([
      `passed: throwaway cluster ${place.folder} stopped and removed`,
    ]);
    expect(clusters.changes).toEqual(['raise', 'remove']);
  });

  it('restores nothing of a newer server than the newest of this host, and says what to install', async () => {
    const { context, clusters, world } = contextOf();
    clusters.newestMajor = 14;
    expect(await restoreDatabase.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'tool-too-old', remedy: expect.stringContaining('postgresql-15 or newer') },
    });
    expect(world.sandbox.databases.size).toBe(0);
  });
});
