import type { ObjectInfo } from '../ports/object-store.ts';
import { type ArtifactKind, artifactKey, artifactOf } from './artifact-keys.ts';
import { type Artifact, namedTime } from './artifacts.ts';
import type { Layout } from './layout.ts';
import { type ArtifactsPlan, planArtifacts } from './plan-artifacts.ts';
import { planRetention, type RetentionPlan, type RetentionRules, whyRemoved } from './retention.ts';
import { type Doubt, listSnapshots, missingDump, type Snapshot, sayDoubt } from './snapshot.ts';
import { unwrappedKey } from './wrapping.ts';

export type RemovalItem = {
  readonly role: ArtifactKind | 'dump' | 'metadata' | Artifact['kind'];
  readonly key: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** Dumps that must be gone first. */
  readonly owners: readonly string[];
};

/** Everything of one snapshot, in the order in which it goes. */
export type Removal = {
  readonly key: string;
  /** undefined: an earlier removal was cut off when the dump was gone already. */
  readonly snapshot: Snapshot | undefined;
  readonly because: string;
  readonly items: readonly RemovalItem[];
  /** There are files that only the dump's name tells the owner of: when it is gone, a mark has to. */
  readonly needsMark: boolean;
};

export type PrunePlan = Pick<ArtifactsPlan, 'stay' | 'alone'> & {
  readonly snapshots: readonly Snapshot[];
  readonly keep: readonly { readonly snapshot: Snapshot; readonly because: string }[];
  readonly remove: readonly Removal[];
  /** Marks of removals that never came to the dump, which now stays. */
  readonly staleMarks: readonly string[];
};

/** What goes and what stays, from the listings alone. */
export function planPrune(request: {
  readonly layout: Layout;
  /** Everything under the layout's prefix. */
  readonly objects: readonly ObjectInfo[];
  /** Only this host's dumps are pruned; those of others count as kept. */
  readonly host?: string | undefined;
  readonly nowMs: number;
  readonly encrypted?: boolean | undefined;
  /** Of the dump of that key, beyond what its name tells. */
  readonly doubts?: ReadonlyMap<string, Doubt>;
  readonly rules: RetentionRules;
  readonly metadataEnding?: string | undefined;
  readonly artifacts: readonly Artifact[];
}): PrunePlan {
  const { layout, objects, host, nowMs, encrypted, rules } = request;
  const keys = new Set(objects.map(({ key }) => key));
  const snapshots = listSnapshots({ layout, objects, host, nowMs, encrypted }).map((snapshot) => {
    const doubt = snapshot.doubt ?? request.doubts?.get(snapshot.key);
    return doubt === undefined ? snapshot : { ...snapshot, doubt };
  });
  const { keep, remove } = planEach(snapshots, rules);
  const removed = new Map(remove.map((snapshot) => [snapshot.key, snapshot] as const));
  const listed = new Set(snapshots.map(({ key }) => key));
  const ghosts = findGhosts({ layout, keys, host, listed });
  const going = new Set([...removed.keys(), ...ghosts]);
  const every = [...new Set([...listSnapshots({ layout, objects, nowMs }).map(({ key }) => key), ...ghosts])];
  // A layout may name no time: then the dump is of the time the store took it.
  const uploaded = new Map(objects.map(({ key, modifiedAtMs }) => [key, modifiedAtMs]));
  const dumps = every.flatMap((key) => {
    const time = namedTime(layout, key) ?? { fromMs: uploaded.get(key) ?? 0, spanMs: 0 };
    return [{ key, time, stays: !going.has(key) }];
  });
  const kept = dumps.filter(({ stays }) => stays).map(({ key }) => key);
  const keptBases = new Set(kept.map(unwrappedKey));
  const beside = findBeside(objects, { keptBases, metadataEnding: request.metadataEnding });
  const keptBeside = [...keys].filter((key) => keptBases.has(artifactOf(key)?.base ?? ''));
  const plan = planArtifacts({ dumps, artifacts: request.artifacts, keptKeys: [...kept, ...keptBeside] });
  const order = [...removed.keys(), ...ghosts];
  const withDump = ownedByLast(plan.go, order);
  return {
    snapshots,
    keep,
    remove: order.map((key): Removal => {
      const snapshot = removed.get(key);
      const belongs = withDump.get(key) ?? [];
      const parts = beside(key);
      const dump = snapshot !== undefined && keys.has(key) ? [whole('dump', snapshot)] : [];
      const shares = plan.go.some(({ owners }) => owners.includes(key));
      return {
        key,
        snapshot,
        because: snapshot === undefined ? 'an earlier removal was cut off' : whyRemoved(snapshot, rules),
        items: inOrder([...parts, ...dump, ...belongs]),
        needsMark: shares || parts.some(({ role }) => role === 'metadata'),
      };
    }),
    stay: plan.stay,
    alone: plan.alone,
    staleMarks: kept.map((key) => artifactKey(key, 'removing')).filter((mark) => keys.has(mark)),
  };
}

/**
 * Two hosts in one store are two histories: neither may push the other's snapshots out. So are the dumps that are in doubt: anybody
 * who can write to the store can make as many as the rules keep, dated as they like. Of those that are dated ahead only a
 * person removes one.
 */
function planEach(snapshots: readonly Snapshot[], rules: RetentionRules): RetentionPlan {
  const histories = Map.groupBy(snapshots, ({ host, doubt }) => `${doubt?.kind} ${host}`);
  const plans = [...histories.values()].map((history): RetentionPlan => {
    const [first] = history;
    if (first?.doubt?.kind !== 'dated-ahead') return planRetention(history, rules);
    const keep = history.flatMap((snapshot) =>
      snapshot.doubt === undefined ? [] : [{ snapshot, because: `${sayDoubt(snapshot.doubt)}: look at it` }],
    );
    return { keep, remove: [] };
  });
  return { keep: plans.flatMap(({ keep }) => keep), remove: plans.flatMap(({ remove }) => remove) };
}

/** Dumps that are gone, and whose mark says that what belongs to them was to go too. */
function findGhosts(among: {
  readonly layout: Layout;
  readonly keys: ReadonlySet<string>;
  readonly host: string | undefined;
  readonly listed: ReadonlySet<string>;
}): readonly string[] {
  const { layout, keys, host, listed } = among;
  return [...keys].flatMap((mark) => {
    const key = artifactOf(mark)?.artifact === 'removing' ? missingDump(mark, { layout, keys }) : undefined;
    if (key === undefined || listed.has(key)) return [];
    return host === undefined || layout.match(key)?.host === host ? [key] : [];
  });
}

/** What stands beside a dump under its own name; nothing where a dump that stays has the same name but for its wrapping. */
function findBeside(
  objects: readonly ObjectInfo[],
  known: { readonly keptBases: ReadonlySet<string>; readonly metadataEnding: string | undefined },
): (dumpKey: string) => readonly RemovalItem[] {
  const byBase = new Map<string, RemovalItem[]>();
  const byKey = new Map(objects.map((object) => [object.key, object]));
  for (const object of objects) {
    const { base, artifact } = artifactOf(object.key) ?? {};
    if (base === undefined || artifact === undefined || known.keptBases.has(base)) continue;
    byBase.set(base, [...(byBase.get(base) ?? []), whole(artifact, object)]);
  }
  return (dumpKey) => {
    const { metadataEnding } = known;
    const metadata = metadataEnding === undefined ? undefined : byKey.get(`${dumpKey}${metadataEnding}`);
    return [
      ...(byBase.get(unwrappedKey(dumpKey)) ?? []),
      ...(metadata === undefined ? [] : [whole('metadata', metadata)]),
    ];
  };
}

function whole(
  role: RemovalItem['role'],
  { key, sizeBytes }: Pick<ObjectInfo, 'key' | 'sizeBytes'>,
): RemovalItem {
  return { role, key, files: 1, sizeBytes, owners: [] };
}

/** Files of several dumps go with the one that goes last. */
function ownedByLast(
  go: ArtifactsPlan['go'],
  order: readonly string[],
): ReadonlyMap<string, readonly RemovalItem[]> {
  const place = new Map(order.map((key, index) => [key, index]));
  const owned = new Map<string, RemovalItem[]>();
  for (const { artifact, owners } of go) {
    const last = owners.reduce((a, b) => ((place.get(b) ?? 0) > (place.get(a) ?? 0) ? b : a));
    const { kind, key, files, sizeBytes } = artifact;
    owned.set(last, [...(owned.get(last) ?? []), { role: kind, key, files, sizeBytes, owners }]);
  }
  return owned;
}

/**
 * The manifest goes first and the dump second: from then on there is no snapshot that could be chosen, and none that looks whole
 * without its documents. The marks go last, so that whoever is cut off in between is found again.
 */
const order: readonly RemovalItem['role'][] = [
  'manifest',
  'signature',
  'dump',
  'globals',
  'objects',
  'metadata',
  'archive',
  'tree',
  'started',
  'removing',
];

function inOrder(items: readonly RemovalItem[]): readonly RemovalItem[] {
  return [...items].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
}
