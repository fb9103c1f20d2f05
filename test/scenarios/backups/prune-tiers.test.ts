import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectArtifacts } from '../../../src/backups/artifacts.ts';
import { type Layout, parseLayout } from '../../../src/backups/layout.ts';
import { planPrune } from '../../../src/backups/prune-plan.ts';
import { runbookSchema } from '../../../src/registry/kinds.ts';
import { parseRunbook } from '../../../src/runbook/parse-runbook.ts';
import { openDirectoryObjectStore } from '../../../src/stores/directory/directory-object-store.ts';
import { runThawUntil } from '../../parts/stopped-thaw.ts';
import { runThaw } from '../../parts/thaw.ts';

/** Corporate Intel: daily kept 7 days, weekly 28 days, monthly 365 days, each in a folder of its own, removed by their age. */

const dayMs = 86_400_000;
const tiers = { daily: 7, weekly: 28, monthly: 365 } as const;
type Tier = keyof typeof tiers;
const hours: Readonly<Record<Tier, number>> = { daily: 2, weekly: 3, monthly: 4 };
const firstDay = Date.UTC(2024, 9, 17);
const days = 400;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-tiers-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runbookFile = join(import.meta.dirname, '../../../runbooks/corporate-intel-local.yaml');
const { rules, layout } = (() => {
  const parsed = parseRunbook({
    path: runbookFile,
    text: readFileSync(runbookFile, 'utf8'),
    schema: runbookSchema,
  });
  if (!parsed.ok || parsed.value.runbook.retention === undefined) throw new Error('no retention');
  const { retention, backups } = parsed.value.runbook;
  return { rules: retention, layout: layoutOf(backups.dumps.layout) };
})();

function layoutOf(pattern: string): Layout {
  const found = parseLayout(pattern);
  if ('fault' in found) throw new Error(found.fault);
  return found;
}

/** What the owners' script makes on a day, as it names it. */
function madeOn(dayAtMs: number): readonly { readonly tier: Tier; readonly atMs: number }[] {
  const day = new Date(dayAtMs);
  const isDue = { daily: true, weekly: day.getUTCDay() === 0, monthly: day.getUTCDate() === 1 };
  return (Object.keys(tiers) as Tier[])
    .filter((tier) => isDue[tier])
    .map((tier) => ({ tier, atMs: dayAtMs + hours[tier] * 3_600_000 }));
}

function nameOf(tier: Tier, atMs: number): string {
  const stamp = new Date(atMs).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return `${tier}/corporate_intel_${tier}_${stamp}.sql.gz.gpg`;
}

function put(root: string, key: string, atMs: number): void {
  const path = join(root, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.alloc(300, 'x'));
  utimesSync(path, atMs / 1000, atMs / 1000);
}

const dumpsIn = (root: string) =>
  (Object.keys(tiers) as Tier[]).flatMap((tier) =>
    existsSync(join(root, tier))
      ? readdirSync(join(root, tier))
          .filter((name) => name.endsWith('.sql.gz.gpg'))
          .map((name) => `${tier}/${name}`)
      : [],
  );

/** The retention table of the handbook, and nothing of ours. */
function promised(nowMs: number): readonly string[] {
  const all = Array.from({ length: days }, (_, day) => madeOn(firstDay + day * dayMs)).flat();
  return all
    .filter(({ tier, atMs }) => atMs <= nowMs && nowMs - atMs <= tiers[tier] * dayMs)
    .map(({ tier, atMs }) => nameOf(tier, atMs))
    .sort();
}

/** find "$BACKUP_ROOT/daily" … older than the retention of its tier. */
function ownersPrune(root: string, nowMs: number): void {
  for (const key of dumpsIn(root)) {
    const match = layout.match(key);
    const tier = match?.tier as Tier;
    if (nowMs - (match?.namedTimeMs ?? 0) > tiers[tier] * dayMs) rmSync(join(root, key));
  }
}

async function thawPrune(root: string, nowMs: number): Promise<void> {
  const store = openDirectoryObjectStore({ path: root });
  const objects = [];
  for await (const page of store.list({ prefix: '', signal: new AbortController().signal })) {
    if (!page.ok) throw new Error(page.failure.message);
    objects.push(...page.value);
  }
  const plan = planPrune({ layout, objects, rules, nowMs, artifacts: collectArtifacts([]).found() });
  for (const { items } of plan.remove)
    for (const { key } of items) {
      const removed = await store.remove(key);
      if (!removed.ok) throw new Error(removed.failure.message);
    }
}

const everyDay = Array.from({ length: days }, (_, day) => firstDay + day * dayMs);

describe('400 days of daily, weekly and monthly dumps', () => {
  it.each([
    { who: 'the owners alone', owners: true, ours: false },
    { who: 'thaw alone', owners: false, ours: true },
    { who: 'thaw beside the owners', owners: true, ours: true },
  ])('are, with $who, at the end of each day what the handbook promises', async ({ owners, ours }) => {
    const root = join(folder, `store-${owners}-${ours}`);
    for (const [index, dayAtMs] of everyDay.entries()) {
      for (const { tier, atMs } of madeOn(dayAtMs)) put(root, nameOf(tier, atMs), atMs);
      const nowMs = dayAtMs + 5 * 3_600_000;
      if (owners) ownersPrune(root, nowMs);
      if (ours) await thawPrune(root, nowMs);
      expect(dumpsIn(root).sort(), new Date(dayAtMs).toISOString()).toEqual(promised(nowMs));
      if (index === days - 1)
        expect(dumpsIn(root).filter((key) => key.startsWith('monthly/'))).toHaveLength(12);
    }
  });
});

describe('thaw prune on a store that was never pruned', () => {
  const environment = () => ({
    HOME: folder,
    BACKUP_ROOT: join(folder, 'whole'),
    ...Object.fromEntries(
      [
        'PGPASSWORD',
        'MINIO_BACKUP_ACCESS_KEY',
        'MINIO_BACKUP_SECRET_KEY',
        'MINIO_SOURCE_ACCESS_KEY',
        'MINIO_SOURCE_SECRET_KEY',
      ].map((name) => [name, 'x']),
    ),
  });
  const prune = (...options: readonly string[]) =>
    runThaw({ args: ['prune', runbookFile, ...options], env: environment(), cwd: folder });
  const end = firstDay + (days - 1) * dayMs + 5 * 3_600_000;

  beforeAll(() => {
    for (const { tier, atMs } of everyDay.flatMap(madeOn))
      put(join(folder, 'whole'), nameOf(tier, atMs), atMs);
  });

  it('says of each dump what stays and why, by its own tier', async () => {
    const shown = await prune('--dry-run');
    expect(shown.status, shown.text).toBe(0);
    const oldest = promised(end).find((key) => key.startsWith('monthly/')) ?? '';
    expect(shown.text).toContain(`keep    ${oldest.replace('.sql.gz.gpg', '')}: a monthly dump of month`);
    expect(shown.text).toMatch(
      /remove {2}daily\/\S+: no rule keeps it: of the daily dumps those of 7 days stay/,
    );
    expect(dumpsIn(join(folder, 'whole'))).toHaveLength(everyDay.flatMap(madeOn).length);
  });

  it('that is stopped has not done what it should, and says how far it came', async () => {
    const before = dumpsIn(join(folder, 'whole')).length;
    const { status, text } = await runThawUntil('removed ', {
      args: ['prune', runbookFile],
      ...{ cwd: folder, env: environment() },
    });
    expect(status, text).toBe(5);
    expect(text).toMatch(/Stopped after 1 of \d+ that should go; the others are still there/);
    expect(dumpsIn(join(folder, 'whole'))).toHaveLength(before - 1);
  });

  it('ends at once with what the handbook promises, and has nothing left to do', async () => {
    const done = await prune();
    expect(done.status, done.text).toBe(0);
    expect(dumpsIn(join(folder, 'whole')).sort()).toEqual(promised(end));
    expect((await prune()).text).toContain(', 0 removed.');
  });

  it('never takes the last dump of a tier, and not the newest complete one', async () => {
    const root = join(folder, 'whole');
    for (const key of dumpsIn(root).filter((one) => !one.startsWith('daily/'))) rmSync(join(root, key));
    const old = nameOf('weekly', Date.UTC(2020, 0, 5, 3));
    const older = nameOf('monthly', Date.UTC(2019, 0, 1, 4));
    put(root, old, Date.UTC(2020, 0, 5, 3));
    put(root, older, Date.UTC(2019, 0, 1, 4));
    const newest = dumpsIn(root)
      .sort()
      .findLast((key) => key.startsWith('daily/'));
    const done = await prune();
    expect(done.status, done.text).toBe(0);
    expect(dumpsIn(root)).toEqual(expect.arrayContaining([old, older, newest]));
  });
});

describe('a tier that the rules say nothing of', () => {
  it('is thinned among its own dumps alone, and keeps its newest', async () => {
    const root = join(folder, 'others');
    const text = readFileSync(runbookFile, 'utf8').replace(
      /^retention: .*$/m,
      'retention: { daily: 2, floor: 1 }',
    );
    expect(text).toContain('\nretention: { daily: 2, floor: 1 }\n');
    const path = join(folder, 'others.yaml');
    writeFileSync(path, text);
    for (const tier of ['daily', 'weekly', 'by-hand'])
      for (const day of [1, 2, 3, 4])
        put(
          root,
          `${tier}/corporate_intel_${tier}_202511${`0${day}`}-020000.sql.gz.gpg`,
          Date.UTC(2025, 10, day, 2),
        );
    const listed = execFileSync('find', [root, '-name', '*.gpg'], { encoding: 'utf8' }).trim().split('\n');
    expect(listed).toHaveLength(12);
    const names = ['PGPASSWORD', 'MINIO_BACKUP_ACCESS_KEY', 'MINIO_BACKUP_SECRET_KEY'];
    const more = ['MINIO_SOURCE_ACCESS_KEY', 'MINIO_SOURCE_SECRET_KEY'];
    const done = await runThaw({
      args: ['prune', path],
      env: {
        HOME: folder,
        BACKUP_ROOT: root,
        ...Object.fromEntries([...names, ...more].map((name) => [name, 'x'])),
      },
      cwd: folder,
    });
    expect(done.status, done.text).toBe(0);
    const left = (tier: string) => readdirSync(join(root, tier)).map((name) => name.slice(-17, -11));
    expect(readdirSync(join(root, 'daily'))).toHaveLength(2);
    expect(readdirSync(join(root, 'by-hand')), String(left('by-hand'))).toHaveLength(2);
    expect(readdirSync(join(root, 'weekly'))).toHaveLength(1);
  });
});
