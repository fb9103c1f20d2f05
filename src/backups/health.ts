import { formatBytes, formatCount, formatSpan } from '../base/units.ts';
import { type ChainLink, type judgeChain, sayMissed } from './author.ts';
import type { PlaceDifferences } from './compare-places.ts';
import { type JobResults, judgeDue, judgeJob } from './job-health.ts';

/** What was seen; undefined where nobody could or should look. */
export type HealthFacts = {
  readonly nowMs: number;
  readonly newest:
    | { readonly id: string; readonly takenAtMs: number; readonly sizeBytes: number }
    | undefined;
  /** Of complete snapshots before the newest, newest first. */
  readonly earlierSizesBytes: readonly number[];
  /** Of the last seven days. */
  readonly begun: number;
  readonly completed: number;
  readonly incomplete: readonly string[];
  /** Sentences: names and manifests that say a later time than can be, dumps that should be encrypted. */
  readonly doubts?: readonly string[];
  /** The place of the newest in its chain, where it is signed. */
  readonly link?: ChainLink;
  /** What speaks against that place, as far as this host remembers earlier ones. */
  readonly chain?: ReturnType<typeof judgeChain>;
  readonly disks: readonly { readonly path: string; readonly usedPercent: number }[];
  readonly mirror:
    | { readonly missing: readonly string[]; readonly changed: readonly string[]; readonly count: number }
    | undefined;
  readonly walGapMs: number | undefined;
  readonly walArchive:
    | {
        readonly newestAtMs: number | undefined;
        readonly missing: string | undefined;
        readonly after: string | undefined;
      }
    | undefined;
  /** Archives that only grow, each against its copy. */
  readonly archives?: readonly (PlaceDifferences & { readonly id: string; readonly title: string })[];
  /** undefined where there never was one. */
  readonly drills?: JobResults | undefined;
  readonly verifications?: JobResults | undefined;
  readonly snapshots: Readonly<Record<'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly', number>>;
  /** What could not be looked at, in whole sentences. */
  readonly unseen: readonly { readonly what: string; readonly text: string; readonly remedy: string }[];
};

export type HealthLimits = {
  readonly rpoMs: number;
  readonly size: { readonly least: number; readonly most: number };
  readonly successRate: number;
  readonly disk: { readonly warn: number; readonly critical: number };
  readonly walGapMs: number | undefined;
  readonly walNewestMs: number | undefined;
  /** How often a drill is to succeed; undefined where nobody said. */
  readonly drillEveryMs?: number | undefined;
};

export type Finding = {
  /** Stable: age, doubt, chain, size, success-rate, disk, mirror, archive, wal, drill, drill-due, verify, unseen. */
  readonly id: string;
  readonly severity: 'critical' | 'warning';
  /** Nothing is known to be wrong; it could not be seen whether all is well. */
  readonly unsure?: true;
  readonly text: string;
  readonly remedy: string;
};

/** Fewer than this are no habit to compare with. */
const leastHistory = 3;

/** Pure: the same facts and limits give the same findings. None means healthy. */
export function judgeHealth(facts: HealthFacts, limits: HealthLimits): readonly Finding[] {
  return [
    ...judgeAge(facts, limits),
    ...judgeDoubts(facts),
    ...judgeHistory(facts),
    ...judgeSize(facts, limits),
    ...judgeSuccess(facts, limits),
    ...judgeDisks(facts, limits),
    ...judgeMirror(facts),
    ...judgeArchives(facts),
    ...judgeWal(facts, limits),
    ...judgeWalArchive(facts, limits),
    ...judgeJob(facts.drills, { id: 'drill', what: 'drill', again: 'thaw drill' }),
    ...judgeDue({ ...facts, everyMs: limits.drillEveryMs }),
    ...judgeJob(facts.verifications, { id: 'verify', what: 'verification', again: 'thaw verify' }),
    ...facts.unseen.map(({ what, text, remedy }) => ({
      id: `unseen-${what}`,
      severity: 'critical' as const,
      unsure: true as const,
      text,
      remedy,
    })),
  ];
}

function judgeAge({ newest, nowMs, unseen }: HealthFacts, { rpoMs }: HealthLimits): readonly Finding[] {
  const remedy =
    'Run `thaw backup` by hand and read what it says; look at the schedule on the host that makes backups.';
  if (newest === undefined) {
    if (unseen.some(({ what }) => what === 'snapshots')) return [];
    return [{ id: 'age', severity: 'critical', text: 'there is no complete backup at all', remedy }];
  }
  const ageMs = nowMs - newest.takenAtMs;
  if (ageMs <= rpoMs) return [];
  const text = `the newest complete backup, ${newest.id}, is ${formatSpan(ageMs)} old; the RPO is ${formatSpan(rpoMs)}`;
  return [{ id: 'age', severity: 'critical', text, remedy }];
}

function judgeDoubts({ doubts = [] }: HealthFacts): readonly Finding[] {
  const [first] = doubts;
  if (first === undefined) return [];
  const others = doubts.length === 1 ? '' : `, and ${formatCount(doubts.length - 1)} more like it`;
  return [
    {
      id: 'doubt',
      severity: 'critical',
      text: `a backup is in doubt: ${first}${others}`,
      remedy:
        'Find out who can write to the backup store. Such a backup is never the latest and pushes out no other; remove it by hand when you know what it is.',
    },
  ];
}

function judgeHistory({ link, chain }: HealthFacts): readonly Finding[] {
  if (link === undefined || chain === undefined) return [];
  const { text, remedy } = sayMissed(chain, link);
  return [{ id: 'chain', severity: 'critical', text, remedy }];
}

function judgeSize({ newest, earlierSizesBytes }: HealthFacts, { size }: HealthLimits): readonly Finding[] {
  const usual = median(earlierSizesBytes);
  if (newest === undefined || usual === undefined || earlierSizesBytes.length < leastHistory) return [];
  const ratio = newest.sizeBytes / usual;
  if (ratio >= size.least && ratio <= size.most) return [];
  const text = `the newest backup has ${formatBytes(newest.sizeBytes)}; the ${earlierSizesBytes.length} before it have ${formatBytes(usual)} in the middle`;
  const remedy =
    ratio < size.least
      ? 'See with `thaw verify --restore` what is missing, before older backups are pruned.'
      : 'Find out what grew; room in the store and the time of a restore grow with it.';
  return [{ id: 'size', severity: ratio < size.least ? 'critical' : 'warning', text, remedy }];
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted.length % 2 === 0 ? sorted[middle - 1] : upper;
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2;
}

export function successPercent({ begun, completed }: Pick<HealthFacts, 'begun' | 'completed'>): number {
  return begun === 0 ? 100 : (completed / begun) * 100;
}

function judgeSuccess(facts: HealthFacts, { successRate }: HealthLimits): readonly Finding[] {
  const percent = successPercent(facts);
  if (percent >= successRate) return [];
  const text = `only ${formatCount(facts.completed)} of ${formatCount(facts.begun)} backups of the last seven days were completed (${percent.toFixed(1)} %): ${facts.incomplete.slice(0, 5).join(', ')}`;
  return [
    {
      id: 'success-rate',
      severity: 'warning',
      text,
      remedy: 'Read the output of the backups that did not end.',
    },
  ];
}

function judgeDisks({ disks }: HealthFacts, { disk }: HealthLimits): readonly Finding[] {
  return disks
    .filter(({ usedPercent }) => usedPercent >= disk.warn)
    .map(({ path, usedPercent }) => ({
      id: `disk-${path}`,
      severity: usedPercent >= disk.critical ? 'critical' : 'warning',
      text: `the file system of ${path} is ${usedPercent.toFixed(0)} % full`,
      remedy: 'Free some space, or keep fewer snapshots.',
    }));
}

function judgeMirror({ mirror }: HealthFacts): readonly Finding[] {
  if (mirror === undefined) return [];
  const { missing, changed } = mirror;
  if (missing.length + changed.length === 0) return [];
  const names = [...missing, ...changed].slice(0, 5).join(', ');
  return [
    {
      id: 'mirror',
      severity: 'critical',
      text: `${formatCount(missing.length)} live objects are not in the mirror and ${formatCount(changed.length)} differ there, though they are older than the newest backup: ${names}`,
      remedy: 'Run `thaw backup`; if they stay away, look at the rights of both keys on these objects.',
    },
  ];
}

function judgeArchives({ archives = [] }: HealthFacts): readonly Finding[] {
  return archives
    .filter(({ missing, gone, differing }) => missing.length + gone.length + differing.length > 0)
    .map(({ id, title, missing, gone, differing }) => ({
      id: `archive-${id}`,
      severity: 'critical',
      text: `${title}: ${formatCount(gone.length)} files are gone from here, ${formatCount(differing.length)} differ from their copy, ${formatCount(missing.length)} never arrived there: ${[...gone, ...differing, ...missing].slice(0, 5).join(', ')}`,
      remedy:
        'Keep both places as they are, and find out who changed what; an archive that only grows is never shorter than its copy.',
    }));
}

function judgeWal({ walGapMs }: HealthFacts, limits: HealthLimits): readonly Finding[] {
  if (limits.walGapMs === undefined || walGapMs === undefined || walGapMs <= limits.walGapMs) return [];
  return [
    {
      id: 'wal',
      severity: 'critical',
      text: `the last WAL file was archived ${formatSpan(walGapMs)} ago; at most ${formatSpan(limits.walGapMs)} is allowed`,
      remedy: 'Look at archive_command and at pg_stat_archiver on the database server.',
    },
  ];
}

function judgeWalArchive(
  { walArchive, nowMs }: HealthFacts,
  { walNewestMs }: HealthLimits,
): readonly Finding[] {
  if (walArchive === undefined) return [];
  const { newestAtMs, missing, after } = walArchive;
  const findings: Finding[] = [];
  if (newestAtMs === undefined || (walNewestMs !== undefined && nowMs - newestAtMs > walNewestMs)) {
    const age = newestAtMs === undefined ? 'there is none' : `it is ${formatSpan(nowMs - newestAtMs)} old`;
    findings.push({
      id: 'wal-archive',
      severity: 'critical',
      text: `the WAL archive lacks a fresh segment: ${age}; at most ${formatSpan(walNewestMs ?? 0)} is allowed`,
      remedy:
        'Look at archive_command and archive_timeout on the database server, and at what carries the files off.',
    });
  }
  if (missing !== undefined) {
    findings.push({
      id: 'wal-hole',
      severity: 'critical',
      text: `segment ${missing} is missing from the WAL archive, after ${after}: no recovery gets past it`,
      remedy: 'Look for it on the database server, and take a new base backup now.',
    });
  }
  return findings;
}
