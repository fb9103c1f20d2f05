import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatTime } from '../../base/units.ts';
import { clusterBringingFact, clusterFilesFact } from '../../kinds/cluster-facts.ts';
import { readFact } from '../../kinds/fact.ts';
import type { StepContext, StepOf } from '../../kinds/kind.ts';
import { durationMs } from '../../kinds/targets.ts';
import { listBaseBackups, pickBaseBackup } from '../../operations/find-base-backup.ts';
import type { ClusterBackupsConfig, ClusterPlace, PgBackRestConfig } from '../../ports/cluster-tools.ts';
import { type Brought, bringBaseBackup } from './bring-base-backup.ts';
import { taken } from './check-recovery.ts';
import { isPlainBackup } from './fill-cluster.ts';
import type { recoverClusterKind } from './kind.ts';

type Bringing = {
  readonly step: StepOf<typeof recoverClusterKind>;
  readonly place: ClusterPlace;
  readonly cluster: ClusterBackupsConfig;
  readonly targetTimeMs: number | undefined;
};

type Source = {
  readonly name: string;
  /** Each file of it is an object: those that came need not come again. */
  readonly isPlain: boolean;
  bring(): Promise<Outcome<Brought>>;
};

/**
 * The data folder filled and nothing replayed, unless an earlier attempt has done that for the same moment. One that could not bring
 * everything is gone on with.
 */
export async function bringClusterFiles(
  context: StepContext<'host' | 'stores' | 'keys' | 'trees' | 'clusters'>,
  bringing: Bringing,
): Promise<Outcome<Brought>> {
  const { place, step } = bringing;
  const target = bringing.targetTimeMs ?? null;
  const { clusters } = context.world;
  const known = readFact(clusterFilesFact, context);
  const found = await clusters.look(place);
  if (!found.ok) return found;
  if (found.value.kind === 'taken') return fail(taken(found.value.what));
  const same = known !== undefined && known.targetTimeMs === target && known.timeline === step.timeline;
  const begun = readFact(clusterBringingFact, context) ?? undefined;
  if (same && begun === undefined && found.value.kind === 'own') return succeed(known);
  const source = await chooseSource(context, bringing);
  if (!source.ok) return source;
  const { name, isPlain } = source.value;
  const goesOn = found.value.kind === 'own' && begun?.source === name && (isPlain || begun.isFilled);
  if (!goesOn) {
    await context.record(clusterBringingFact, { source: null, isFilled: false });
    const made = await makeAnew(context, place);
    if (!made.ok) return made;
    await context.record(clusterBringingFact, { source: name, isFilled: false });
  }
  const brought = await source.value.bring();
  if (!brought.ok) return brought;
  await context.record(clusterFilesFact, {
    source: source.value.name,
    targetTimeMs: target,
    timeline: step.timeline,
    ...brought.value,
  });
  await context.record(clusterBringingFact, null);
  return brought;
}

/** What is there is of another backup, or for another moment: WAL was replayed into it, and leads forward only. */
async function makeAnew(context: StepContext<'clusters'>, place: ClusterPlace): Promise<Outcome<void>> {
  const { clusters } = context.world;
  const permit = await context.guard.removeCluster(clusters, place);
  const cleared = permit.ok ? await clusters.remove(permit.value) : permit;
  return cleared.ok ? clusters.make(place) : cleared;
}

async function chooseSource(
  context: StepContext<'host' | 'stores' | 'keys' | 'trees' | 'clusters'>,
  bringing: Bringing,
): Promise<Outcome<Source>> {
  const { cluster, place, step, targetTimeMs } = bringing;
  if (cluster.engine === 'pgbackrest') return chooseFromRepository(context, { ...bringing, config: cluster });
  const backups = await listBaseBackups(context, cluster);
  if (!backups.ok) return backups;
  const picked = pickBaseBackup(backups.value, targetTimeMs);
  if (!picked.ok) return picked;
  const backup = picked.value;
  context.output(`base backup ${backup.key}, ${formatTime(backup.takenAtMs)}`);
  const stallMs = durationMs(step.stall);
  return succeed({
    name: backup.id,
    isPlain: isPlainBackup(backup),
    bring: () => bringBaseBackup(context, { config: cluster, backup, place, targetTimeMs, stallMs }),
  });
}

/** pgBackRest compares every file with its checksum as it restores, and fetches WAL by itself while recovery asks for it. */
async function chooseFromRepository(
  context: StepContext<'clusters'>,
  bringing: Bringing & { readonly config: PgBackRestConfig },
): Promise<Outcome<Source>> {
  const { config, place, step, targetTimeMs } = bringing;
  const { clusters } = context.world;
  const found = await clusters.repository(config);
  if (!found.ok) return found;
  const backups = found.value.backups.map((backup) => ({ ...backup, takenAtMs: backup.endedAtMs }));
  const picked = pickBaseBackup(backups, targetTimeMs);
  if (!picked.ok) return picked;
  const { label, kind, endedAtMs } = picked.value;
  context.output(`pgBackRest backup ${label} (${kind}), ended ${formatTime(endedAtMs)}`);
  return succeed({
    name: `${label} of stanza ${config.stanza}`,
    isPlain: false,
    async bring() {
      await context.recordCommand(clusters.describeRepositoryRestore({ config, place, label }));
      const restored = await clusters.restoreFromRepository({
        config,
        place,
        label,
        onLine: context.output,
        stallMs: durationMs(step.stall),
        signal: context.signal,
      });
      return restored.ok ? succeed({ segments: 0, checkedBy: 'pgBackRest checksums', endedAtMs }) : restored;
    },
  });
}
