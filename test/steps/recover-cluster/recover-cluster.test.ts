import { describe, expect, it } from 'vitest';
import type { ServerState } from '../../../src/ports/cluster-tools.ts';
import type { Answer } from '../../../src/ports/operator.ts';
import { guardClusters } from '../../../src/registry/with-permits.ts';
import { recoverClusterKind } from '../../../src/steps/recover-cluster/kind.ts';
import { recoverCluster } from '../../../src/steps/recover-cluster/recover-cluster.ts';
import { createFakeClusterTools, quiet } from '../../fakes/fake-cluster-tools.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';
import { createFakeWorld } from '../../fakes/fake-world.ts';

const backups = [
  { label: '20260428-100000F', kind: 'full', at: '10:00' },
  { label: '20260427-100000F', kind: 'full', at: undefined },
].map(({ label, kind, at }) => {
  const endedAtMs = at === undefined ? Date.UTC(2026, 3, 27, 10) : Date.UTC(2026, 3, 28, 10);
  return { label, kind, startedAtMs: endedAtMs - 60_000, endedAtMs, sizeBytes: 1 };
});

function stage(given: {
  readonly to?: string;
  readonly mode?: 'live' | 'drill';
  readonly where?: Readonly<Record<string, string | null>>;
  readonly state?: ServerState;
  readonly answer?: Answer['value'];
}) {
  const clusters = createFakeClusterTools({
    backups,
    major: 15,
    firstSegment: undefined,
    lastSegment: undefined,
  });
  const world = createFakeWorld();
  const paused = {
    recovering: 't',
    paused: 't',
    lsn: '0/5',
    last_commit: '2026-04-28 13:59:58',
    recovery_timeline: '1',
    walfile: null,
  };
  world.production.answers.set('pg_is_in_recovery', [given.where ?? paused]);
  world.production.answers.set('pg_locks', [{ tables: null }]);
  world.production.answers.set('FROM companies', [{ count: '200' }]);
  if (given.state !== undefined) {
    const { state } = given;
    clusters.start = async () => {
      clusters.nextState = state;
      return { ok: true, value: undefined };
    };
  }
  const step = recoverClusterKind.schema.parse({
    kind: 'recover-cluster',
    to: given.to ?? '2026-04-28 14:00:00 UTC',
    folder: '/srv/recovered',
    port: '5433',
    queries: [{ title: 'companies', query: 'SELECT count(*) FROM companies', expect: { atLeast: 1 } }],
  }) as never;
  const context = createFakeContext({
    mode: given.mode ?? 'live',
    world: { ...world, clusters: guardClusters(clusters) },
    answer: () => given.answer ?? 'yes',
  });
  const { backups: places } = context.targets;
  const cluster = { engine: 'pgbackrest' as const, stanza: 'main', configFile: '/etc/pgbackrest.conf' };
  return {
    step,
    clusters,
    context: { ...context, targets: { ...context.targets, backups: { ...places, cluster } } },
  };
}

describe('recovery to a point in time', () => {
  it('takes the newest backup that had ended by then, and promotes only after a person agreed', async () => {
    const { step, clusters, context } = stage({});
    expect(await recoverCluster.run(step, context)).toMatchObject({ ok: true, value: { kind: 'done' } });
    expect(clusters.changes).toEqual([
      'remove',
      'make',
      'restore 20260428-100000F',
      `configure ${Date.UTC(2026, 3, 28, 14)} latest pgbackrest archive-get %f "%p"`,
      'start',
      'promote',
    ]);
    expect(context.asked).toMatchObject([{ kind: 'confirm', id: 'recover-cluster.promote' }]);
    expect(context.said.join('\n')).toContain('kept aside, not used: archive_command');
  });

  it('leaves the cluster waiting, read-only, where nobody agrees', async () => {
    const { step, clusters, context } = stage({ answer: 'no' });
    expect(await recoverCluster.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'cancelled' },
    });
    expect(clusters.changes).not.toContain('promote');
    // Asked again, it goes on from there: nothing is restored a second time.
    clusters.changes.length = 0;
    await recoverCluster.run(step, context);
    expect(clusters.changes).toEqual([]);
  });

  it('goes back to an older backup for an earlier moment, and refuses one before all of them', async () => {
    const earlier = stage({ to: '2026-04-28 09:00:00 UTC' });
    await recoverCluster.run(earlier.step, earlier.context);
    expect(earlier.clusters.changes).toContain('restore 20260427-100000F');
    const first = stage({ to: '2026-04-01 09:00:00 UTC' });
    expect(words(await recoverCluster.check(first.step, first.context))[0]).toMatch(
      /^failed: 2026-04-01 09:00:00 UTC lies before the end of the oldest base backup/,
    );
    expect(first.clusters.changes).toEqual([]);
  });

  it('fails and promotes nothing where the server went past the moment without stopping', async () => {
    const { step, clusters, context } = stage({
      where: {
        recovering: 'f',
        paused: null,
        lsn: '0/5',
        last_commit: null,
        recovery_timeline: '0',
        walfile: '00000002'.padEnd(24, '0'),
      },
    });
    expect(await recoverCluster.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'not-verified' },
    });
    expect(clusters.changes).not.toContain('promote');
  });

  it('says how far the archive goes where it ends too early', async () => {
    const { step, context } = stage({
      state: {
        ...quiet,
        running: false,
        fatal: 'recovery ended before configured recovery target was reached',
        lastTransaction: '2026-04-28 13:10:00 UTC',
      },
    });
    const run = await recoverCluster.run(step, context);
    expect(run.ok ? '' : run.failure.message).toMatch(
      /^2026-04-28 14:00:00 UTC is not reached: the archive ends before it\. The last transaction in it is of 2026-04-28 13:10:00 UTC/,
    );
  });

  it('never uses a folder that holds something', async () => {
    const { step, clusters, context } = stage({});
    clusters.place = { kind: 'taken', what: '/srv/recovered holds 3 files or folders' };
    expect(words(await recoverCluster.check(step, context)).at(-1)).toMatch(
      /^failed: A new cluster needs a folder of its own/,
    );
    expect(await recoverCluster.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'conflict' },
    });
    expect(clusters.changes).toEqual([]);
  });

  it('asks nobody in a drill, uses a folder of its own, and takes it away', async () => {
    const { step, clusters, context } = stage({ mode: 'drill' });
    expect((await recoverCluster.run(step, context)).ok).toBe(true);
    expect(context.asked).toEqual([]);
    const cleaned = await recoverCluster.cleanUp?.(step, context);
    expect(words(cleaned ?? [])[0]).toMatch(/^passed: throwaway cluster \/srv\/recovered\.drill-/);
    expect(clusters.changes.at(-1)).toBe('remove');
  });
});
