import { artifactKey } from '../backups/artifact-keys.ts';
import { type Artifact, type ArtifactPattern, collectArtifacts } from '../backups/artifacts.ts';
import { type PrunePlan, planPrune, type Removal } from '../backups/prune-plan.ts';
import type { RetentionRules } from '../backups/retention.ts';
import { newestComplete } from '../backups/snapshot.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { guardRetention } from '../engine/guard.ts';
import type { Targets } from '../kinds/targets.ts';
import { doubtUnproven } from '../operations/authors.ts';
import { listBackups } from '../operations/find-snapshots.ts';
import { backupStore } from '../operations/open-targets.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { World } from '../ports/world.ts';
import { removeKey, removeSnapshot } from './remove-snapshot.ts';

export type Pruned = PrunePlan & {
  readonly removed: readonly Removal[];
  /** Of these the store keeps versions: gone from the listing, not from the disk. */
  readonly hidden: readonly Removal[];
  /** What the store did not let go, with what it said. */
  readonly refused: readonly { readonly removal: Removal; readonly failure: Failure }[];
};

type Request = {
  readonly world: World;
  readonly targets: Targets;
  readonly rules: RetentionRules;
  /** What the runbook restores together with a dump. */
  readonly patterns: readonly ArtifactPattern[];
  readonly dryRun: boolean;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
};

/**
 * Removes what the rules do not keep, dump by dump with everything that belongs to it; the mirror of the objects is left alone. A
 * store that refuses (object lock, no permission to delete) is no reason to stop, and none to keep silent.
 */
export async function pruneSnapshots(request: Request): Promise<Outcome<Pruned>> {
  const { world, targets, dryRun, onLine, signal } = request;
  const planned = await makePlan(request);
  if (!planned.ok) return planned;
  const plan = planned.value;
  const store = backupStore({ world, targets });
  const guard = guardPlan(plan);
  const removed: Removal[] = [];
  const hidden: Removal[] = [];
  const refused: { removal: Removal; failure: Failure }[] = [];
  const gone = new Set<string>();
  for (const removal of dryRun ? [] : plan.remove) {
    if (signal.aborted) break;
    const done = await removeSnapshot({ store, guard, removal, gone, nowMs: world.host.now(), signal });
    if (done.ok) {
      removed.push(removal);
      if (done.value === 'hidden') hidden.push(removal);
      onLine(`removed ${removal.key}${done.value === 'hidden' ? ', whose versions the store keeps' : ''}`);
    } else {
      refused.push({ removal, failure: done.failure });
      onLine(
        `${removal.key} ${gone.has(removal.key) ? 'is not gone whole' : 'stays'}: ${done.failure.message}`,
      );
    }
  }
  if (!dryRun) for (const mark of plan.staleMarks) await removeKey({ store, guard }, mark);
  return succeed({ ...plan, removed, hidden, refused });
}

function guardPlan({ keep, remove, stay, staleMarks }: PrunePlan) {
  const going = remove.flatMap(({ key, items }) => [
    artifactKey(key, 'removing'),
    ...items.map((item) => item.key),
  ]);
  const kept = [...keep.map(({ snapshot }) => snapshot.key), ...stay.map(({ artifact }) => artifact.key)];
  return guardRetention({ removes: new Set([...going, ...staleMarks]), keeps: new Set(kept) });
}

async function makePlan({ world, targets, rules, patterns, signal }: Request): Promise<Outcome<PrunePlan>> {
  const listed = await listBackups({ world, targets });
  if (!listed.ok) return listed;
  const { layout, objects } = listed.value;
  // What nobody proves to have made is never a reason to remove another.
  const judged = await doubtUnproven({ world, targets }, { snapshots: listed.value.snapshots, all: true });
  if (!judged.ok) return judged;
  const snapshots = judged.value;
  const doubts = new Map(
    snapshots.flatMap(({ key, doubt }) => (doubt === undefined ? [] : [[key, doubt] as const])),
  );
  if (newestComplete(snapshots) === undefined) return fail(nothingComplete(snapshots.length));
  const { backups } = targets;
  const store = backupStore({ world, targets });
  const artifacts = await findArtifacts(store, { patterns, signal });
  if (!artifacts.ok) return artifacts;
  return succeed(
    planPrune({
      layout,
      objects,
      host: backups.host,
      nowMs: world.host.now(),
      encrypted: backups.encrypted,
      doubts,
      rules,
      metadataEnding: backups.metadata?.ending,
      artifacts: artifacts.value,
    }),
  );
}

async function findArtifacts(
  store: ObjectStore,
  { patterns, signal }: Pick<Request, 'patterns' | 'signal'>,
): Promise<Outcome<readonly Artifact[]>> {
  const collector = collectArtifacts(patterns);
  for (const prefix of collector.prefixes) {
    for await (const page of store.list({ prefix, sizesOnly: true, signal })) {
      if (!page.ok) return page;
      page.value.forEach(collector.take);
    }
  }
  return succeed(collector.found());
}

function nothingComplete(count: number) {
  return {
    code: 'not-verified',
    message: `None of ${count} snapshots is complete; nothing is removed.`,
    remedy: 'Take a backup first, and find out why the others are incomplete.',
    retry: 'after-fix',
  } as const;
}
