import { type Artifact, deviation, isSameTime, type NamedTime } from './artifacts.ts';

/** A dump, or one of which only a mark is left. */
type DatedDump = { readonly key: string; readonly time: NamedTime; readonly stays: boolean };

export type ArtifactsPlan = {
  /** Each with the dumps it belongs to: it goes when the last of them is gone. */
  readonly go: readonly { readonly artifact: Artifact; readonly owners: readonly string[] }[];
  /** All its dumps go, and still it is needed. */
  readonly stay: readonly { readonly artifact: Artifact; readonly because: string }[];
  /** No dump is of its time: nobody knows whether it is the only one there is. */
  readonly alone: readonly Artifact[];
};

/**
 * What goes with the dumps that go. Never what belongs to a dump that stays, nor what a restore of such a dump would take: where
 * a dump has no archive of its own time, a restore takes the nearest one.
 *
 * @param request.keptKeys keys that stay, so that no folder goes that holds one.
 */
export function planArtifacts(request: {
  readonly dumps: readonly DatedDump[];
  readonly artifacts: readonly Artifact[];
  readonly keptKeys: readonly string[];
}): ArtifactsPlan {
  const { dumps, artifacts, keptKeys } = request;
  const dumpKeys = new Set(dumps.map(({ key }) => key));
  const needed = nearestToKept(dumps, artifacts);
  const go: { artifact: Artifact; owners: readonly string[] }[] = [];
  const stay: { artifact: Artifact; because: string }[] = [];
  const alone: Artifact[] = [];
  const kept = [...keptKeys];
  for (const artifact of artifacts) {
    if (dumpKeys.has(artifact.key)) continue;
    const owners = dumps.filter(({ time }) => isSameTime(time, artifact.time));
    const because = needed.get(artifact.key);
    if (owners.length > 0 && because === undefined && !owners.some(({ stays }) => stays)) {
      go.push({ artifact, owners: owners.map(({ key }) => key) });
      continue;
    }
    kept.push(artifact.key);
    if (owners.length === 0) alone.push(artifact);
    else if (because !== undefined && !owners.some(({ stays }) => stays)) stay.push({ artifact, because });
  }
  const held = go.map(({ artifact }) => holds(artifact, kept));
  return {
    go: go.filter((_, index) => held[index] === undefined),
    stay: [
      ...stay,
      ...go.flatMap(({ artifact }, index) => {
        const because = held[index];
        return because === undefined ? [] : [{ artifact, because }];
      }),
    ],
    alone,
  };
}

/** A folder goes with all that is in it, so nothing in it may be meant to stay. */
function holds({ kind, key }: Artifact, kept: readonly string[]): string | undefined {
  const inside = kind === 'tree' ? kept.find((one) => one.startsWith(key)) : undefined;
  return inside === undefined ? undefined : `it holds ${inside}, which stays`;
}

/** As the restore finds it, empty ones left out. Of two that are equally near both are needed. */
function nearestToKept(
  dumps: readonly DatedDump[],
  artifacts: readonly Artifact[],
): ReadonlyMap<string, string> {
  const needed = new Map<string, string>();
  const archives = artifacts.filter(({ kind, sizeBytes }) => kind === 'archive' && sizeBytes > 0);
  for (const pattern of new Set(archives.map((archive) => archive.pattern))) {
    const times = archives.filter((archive) => archive.pattern === pattern);
    for (const { key, time } of dumps.filter(({ stays }) => stays)) {
      const distances = times.map((archive) => deviation(time, archive.time) ?? Number.POSITIVE_INFINITY);
      const least = distances.reduce((a, b) => Math.min(a, b), Number.MAX_VALUE);
      times.forEach((archive, index) => {
        if (distances[index] === least) needed.set(archive.key, `a restore of ${key}, which stays, takes it`);
      });
    }
  }
  return needed;
}
