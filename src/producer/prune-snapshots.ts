import { type Companion, companionKey } from '../backups/companion-keys.ts';
import { planRetention, type RetentionPlan } from '../backups/retention.ts';
import type { RetentionRules } from '../backups/retention-rules.ts';
import { newestComplete, type Snapshot } from '../backups/snapshot.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { Targets } from '../engine/targets.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { World } from '../ports/world.ts';
import { findSnapshots } from '../steps/find-snapshots.ts';
import { backupStore, listAll } from '../steps/open-targets.ts';

export type Pruned = RetentionPlan & {
  readonly removed: readonly Snapshot[];
  /** Of these the store keeps versions: gone from the listing, not from the disk. */
  readonly hidden: readonly Snapshot[];
  /** Snapshots the store did not let go, with what it said. */
  readonly refused: readonly { readonly snapshot: Snapshot; readonly failure: Failure }[];
};

/**
 * Removes what the rules do not keep, dump by dump with everything beside it; the mirror of the objects is left alone. A store
 * that refuses (object lock, no permission to delete) is no reason to stop, and none to keep silent.
 */
export async function pruneSnapshots(request: {
  readonly world: World;
  readonly targets: Targets;
  readonly rules: RetentionRules;
  readonly dryRun: boolean;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<Outcome<Pruned>> {
  const { world, targets, rules, dryRun, onLine, signal } = request;
  const found = await findSnapshots({ world, targets });
  if (!found.ok) return found;
  if (newestComplete(found.value) === undefined) return fail(nothingComplete(found.value.length));
  const plan = planPerHost(found.value, rules);
  const removed: Snapshot[] = [];
  const hidden: Snapshot[] = [];
  const refused: { snapshot: Snapshot; failure: Failure }[] = [];
  const store = backupStore({ world, targets });
  for (const snapshot of plan.remove) {
    if (signal.aborted) break;
    if (dryRun) continue;
    const gone = await removeSnapshot(store, snapshot);
    if (gone.ok) {
      removed.push(snapshot);
      if (gone.value === 'hidden') hidden.push(snapshot);
      onLine(`removed ${snapshot.key}${gone.value === 'hidden' ? ', whose versions the store keeps' : ''}`);
    } else {
      refused.push({ snapshot, failure: gone.failure });
      onLine(`${snapshot.key} stays: ${gone.failure.message}`);
    }
  }
  return succeed({ ...plan, removed, hidden, refused });
}

/** Two hosts in one store are two histories: neither may push the other's snapshots out. */
function planPerHost(snapshots: readonly Snapshot[], rules: RetentionRules): RetentionPlan {
  const hosts = [...new Set(snapshots.map(({ host }) => host))];
  const plans = hosts.map((host) =>
    planRetention(
      snapshots.filter((snapshot) => snapshot.host === host),
      rules,
    ),
  );
  return { keep: plans.flatMap(({ keep }) => keep), remove: plans.flatMap(({ remove }) => remove) };
}

/** What a manifest vouches for goes after it, so that no manifest ever speaks of a dump that is gone. */
const companionOrder: readonly Companion[] = ['globals', 'objects', 'started'];

async function removeSnapshot(
  store: ObjectStore,
  snapshot: Snapshot,
): Promise<Outcome<'hidden' | undefined>> {
  const beside = companionOrder.map((companion) => companionKey(snapshot.key, companion));
  const listed = await listAll(store, companionKey(snapshot.key, 'globals'));
  if (!listed.ok) return listed;
  const keys = [
    companionKey(snapshot.key, 'manifest'),
    snapshot.key,
    // The globals carry the endings of their wrapping.
    ...listed.value.map(({ key }) => key),
    ...beside,
  ];
  let how: 'hidden' | undefined;
  for (const key of keys) {
    const removed = await store.remove(key);
    if (!removed.ok) return removed;
    how ??= removed.value;
  }
  // A store may say yes and keep the object: only looking tells.
  const still = await store.describe(snapshot.key);
  if (!still.ok) return still;
  return still.value === undefined ? succeed(how) : fail(locked(snapshot, store));
}

function locked(snapshot: Snapshot, store: ObjectStore): Failure {
  return {
    code: 'denied',
    message: `${store.address} says that it removed ${snapshot.key}, and still has it.`,
    remedy: 'Look for object lock, a legal hold, or a rule that brings objects back.',
    retry: 'after-fix',
  };
}

function nothingComplete(count: number) {
  return {
    code: 'not-verified',
    message: `None of ${count} snapshots is complete; nothing is removed.`,
    remedy: 'Take a backup first, and find out why the others are incomplete.',
    retry: 'after-fix',
  } as const;
}
