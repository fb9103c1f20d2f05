import type { Snapshot } from './snapshot.ts';

/** How many periods of each kind keep their newest snapshot. */
export type RetentionRules = {
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  readonly floor: number;
};

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
const periods = Object.keys(words) as readonly Period[];

/**
 * What stays. In each period the newest complete snapshot counts, and of each kind of period the last N that have one: when
 * backups stop for a month, the month that is missing removes nothing. Incomplete snapshots keep no place; they go once
 * a complete one is newer, since until then they may be all there is to learn from. Never removed: the newest complete
 * snapshot, and the newest `floor` ones.
 *
 * Where names part the dumps into tiers, each tier is a history of its own, and its newest complete dump stays. A tier that is
 * called after a period is judged by the rule of that period alone: of the last N months that have one, every monthly dump
 * stays. So another pruner that takes old daily dumps away never takes what was to stand for a month.
 *
 * @param snapshots newest first, of one host.
 */
export function planRetention(snapshots: readonly Snapshot[], rules: RetentionRules): RetentionPlan {
  const complete = snapshots.filter((snapshot) => snapshot.incomplete === undefined);
  const [newest] = complete;
  const reasons = new Map<Snapshot, string>();
  const note = (snapshot: Snapshot, because: string) => {
    if (!reasons.has(snapshot)) reasons.set(snapshot, because);
  };
  if (newest !== undefined) note(newest, 'the newest complete one');
  const byTier = Map.groupBy(snapshots, ({ tier }) => tier);
  for (const [tier, ofTier] of byTier) keepOfTier(ofTier, { tier, rules, note });
  for (const snapshot of complete.slice(0, Math.max(1, rules.floor))) {
    note(snapshot, `one of the newest ${rules.floor}`);
  }
  return {
    keep: snapshots.flatMap((snapshot) => {
      const because = reasons.get(snapshot);
      return because === undefined ? [] : [{ snapshot, because }];
    }),
    remove: snapshots.filter((snapshot) => !reasons.has(snapshot)),
  };
}

function keepOfTier(
  snapshots: readonly Snapshot[],
  how: {
    readonly tier: string | undefined;
    readonly rules: RetentionRules;
    readonly note: (snapshot: Snapshot, because: string) => void;
  },
): void {
  const { tier, rules, note } = how;
  const complete = snapshots.filter((snapshot) => snapshot.incomplete === undefined);
  const [newest] = complete;
  if (newest !== undefined && tier !== undefined) note(newest, `the newest complete one of tier ${tier}`);
  const own = periodOfTier(tier);
  if (own === undefined) {
    for (const period of periods)
      for (const [snapshot, name] of newestOfEach(complete, { period, most: rules[period] }))
        note(snapshot, `the newest of ${words[period]} ${name}`);
  } else {
    const kept = new Set(newestOfEach(complete, { period: own, most: rules[own] }).map(([, name]) => name));
    for (const snapshot of complete) {
      const name = periodOf(snapshot.takenAtMs, own);
      if (kept.has(name)) note(snapshot, `a ${own} dump of ${words[own]} ${name}`);
    }
  }
  for (const snapshot of snapshots) {
    if (snapshot.incomplete === undefined) continue;
    if (newest === undefined || snapshot.takenAtMs >= newest.takenAtMs)
      note(snapshot, 'incomplete, and nothing complete is newer');
  }
}

function periodOfTier(tier: string | undefined): Period | undefined {
  return periods.find((period) => period === tier?.toLowerCase());
}

/** Of a snapshot that no reason keeps. */
export function whyRemoved({ incomplete, tier }: Snapshot, rules: RetentionRules): string {
  if (incomplete !== undefined) return `it is incomplete: ${incomplete}`;
  const own = periodOfTier(tier);
  if (own === undefined) return 'no rule keeps it';
  return `no rule keeps it: of the ${own} dumps those of ${rules[own]} ${words[own]}s stay`;
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
