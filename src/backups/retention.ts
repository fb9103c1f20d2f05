import type { RetentionRules } from './retention-rules.ts';
import type { Snapshot } from './snapshot.ts';

/** A snapshot and whether it stays, with the reason. Same order as given. */
export type RetentionPlan = {
  readonly keep: readonly { readonly snapshot: Snapshot; readonly because: string }[];
  readonly remove: readonly Snapshot[];
};

type Period = Exclude<keyof RetentionRules, 'floor'>;

const words: Readonly<Record<Period, string>> = {
  hourly: 'hour',
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  yearly: 'year',
};

/**
 * What stays. In each period the newest complete snapshot counts, and of each kind of period the last N that have one: when
 * backups stop for a month, the month that is missing removes nothing. Incomplete snapshots keep no place; they go once
 * a complete one is newer, since until then they may be all there is to learn from. Never removed: the newest complete
 * snapshot, and the newest `floor` ones.
 *
 * @param snapshots newest first, of one host.
 */
export function planRetention(snapshots: readonly Snapshot[], rules: RetentionRules): RetentionPlan {
  const complete = snapshots.filter((snapshot) => snapshot.incomplete === undefined);
  const newest = complete[0];
  const reasons = new Map<Snapshot, string>();
  const note = (snapshot: Snapshot, because: string) => {
    if (!reasons.has(snapshot)) reasons.set(snapshot, because);
  };
  if (newest !== undefined) note(newest, 'the newest complete one');
  for (const period of Object.keys(words) as Period[]) {
    for (const [snapshot, name] of newestOfEach(complete, { period, most: rules[period] })) {
      note(snapshot, `the newest of ${words[period]} ${name}`);
    }
  }
  for (const snapshot of complete.slice(0, Math.max(1, rules.floor))) {
    note(snapshot, `one of the newest ${rules.floor}`);
  }
  for (const snapshot of snapshots) {
    if (snapshot.incomplete === undefined) continue;
    if (newest === undefined || snapshot.takenAtMs >= newest.takenAtMs)
      note(snapshot, 'incomplete, and nothing complete is newer');
  }
  return {
    keep: snapshots.flatMap((snapshot) => {
      const because = reasons.get(snapshot);
      return because === undefined ? [] : [{ snapshot, because }];
    }),
    remove: snapshots.filter((snapshot) => !reasons.has(snapshot)),
  };
}

function newestOfEach(
  complete: readonly Snapshot[],
  { period, most }: { readonly period: Period; readonly most: number },
): readonly (readonly [Snapshot, string])[] {
  const seen = new Map<string, Snapshot>();
  for (const snapshot of complete) {
    const name = periodOf(snapshot.takenAtMs, period);
    if (!seen.has(name)) seen.set(name, snapshot);
  }
  return [...seen].slice(0, most).map(([name, snapshot]) => [snapshot, name] as const);
}

const dayMs = 86_400_000;

/** UTC, as the names in the store are. */
export function periodOf(timeMs: number, period: Period): string {
  const iso = new Date(timeMs).toISOString();
  switch (period) {
    case 'hourly':
      return iso.slice(0, 13);
    case 'daily':
      return iso.slice(0, 10);
    case 'weekly': {
      // The Monday it begins with; 1970-01-01 was a Thursday.
      const day = Math.floor(timeMs / dayMs);
      return new Date((day - ((((day + 3) % 7) + 7) % 7)) * dayMs).toISOString().slice(0, 10);
    }
    case 'monthly':
      return iso.slice(0, 7);
    case 'yearly':
      return iso.slice(0, 4);
  }
}
