import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { periodOf, planRetention, type RetentionRules } from '../../src/backups/retention.ts';
import { newestComplete, type Snapshot } from '../../src/backups/snapshot.ts';
import { runbookSchema } from '../../src/registry/kinds.ts';
import { parseRunbook } from '../../src/runbook/parse-runbook.ts';
import { runsOf } from '../parts/property-runs.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const end = Date.UTC(2026, 10, 20, 6, 30);

function at(takenAtMs: number, incomplete?: string): Snapshot {
  const id = new Date(takenAtMs).toISOString();
  return {
    id,
    key: `pg/${id}.dump.gz`,
    takenAtMs,
    uploadedAtMs: takenAtMs,
    sizeBytes: 1000,
    layers: ['gzip'],
    incomplete,
  };
}

function every(stepMs: number, count: number): readonly Snapshot[] {
  return Array.from({ length: count }, (_, index) => at(end - index * stepMs));
}

const none = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 3 };

/** As the runbook of that system has it: nothing in the program knows a system by its name. */
function rulesOf(name: string): RetentionRules {
  const path = `runbooks/${name}.yaml`;
  const parsed = parseRunbook({ path, text: readFileSync(path, 'utf8'), schema: runbookSchema });
  if (!parsed.ok) throw new Error(parsed.failure.message);
  const { retention } = parsed.value.runbook;
  if (retention === undefined) throw new Error(`${path} has no retention`);
  return retention;
}

const rules: fc.Arbitrary<RetentionRules> = fc.record({
  hourly: fc.integer({ min: 0, max: 30 }),
  daily: fc.integer({ min: 0, max: 20 }),
  weekly: fc.integer({ min: 0, max: 8 }),
  monthly: fc.integer({ min: 0, max: 12 }),
  yearly: fc.integer({ min: 0, max: 5 }),
  floor: fc.integer({ min: 1, max: 6 }),
});

const history: fc.Arbitrary<readonly Snapshot[]> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 900 * 24 * 60 }), fc.boolean()), { maxLength: 120 })
  .map((moments) =>
    [...new Map(moments).entries()]
      .sort(([a], [b]) => a - b)
      .map(([minutes, broken]) => at(end - minutes * 60_000, broken ? 'no manifest' : undefined)),
  );

describe('retention', () => {
  it('never removes the newest complete snapshot, and never goes below the floor', () => {
    fc.assert(
      fc.property(history, rules, (snapshots, rule) => {
        const { keep } = planRetention(snapshots, rule);
        const kept = keep.map(({ snapshot }) => snapshot);
        const newest = newestComplete(snapshots);
        if (newest !== undefined) expect(kept).toContain(newest);
        const complete = snapshots.filter(({ incomplete }) => incomplete === undefined).length;
        const keptComplete = kept.filter(({ incomplete }) => incomplete === undefined).length;
        expect(keptComplete).toBeGreaterThanOrEqual(Math.min(complete, rule.floor));
      }),
    );
  });

  it('either keeps or removes each snapshot, and has nothing more to remove the second time', () => {
    fc.assert(
      fc.property(history, rules, (snapshots, rule) => {
        const { keep, remove } = planRetention(snapshots, rule);
        expect(keep.length + remove.length).toBe(snapshots.length);
        const kept = keep.map(({ snapshot }) => snapshot);
        expect(planRetention(kept, rule).remove).toEqual([]);
      }),
    );
  });

  it('keeps more with a rule that asks for more', () => {
    fc.assert(
      fc.property(history, rules, rules, (snapshots, one, two) => {
        const generous = Object.fromEntries(
          Object.entries(one).map(([period, count]) => [
            period,
            Math.max(count, two[period as keyof RetentionRules]),
          ]),
        ) as RetentionRules;
        const kept = new Set(planRetention(snapshots, generous).keep.map(({ snapshot }) => snapshot));
        for (const { snapshot } of planRetention(snapshots, one).keep) expect(kept.has(snapshot)).toBe(true);
      }),
    );
  });

  it('goes on keeping a month when later snapshots come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (days) => {
        // Day by day with pruning in between must end as pruning once would: what a month needs is never removed early.
        const rule = { ...none, daily: 30, monthly: 12, floor: 1 };
        let kept: readonly Snapshot[] = [];
        for (let day = days; day >= 0; day -= 1) {
          kept = planRetention([at(end - day * dayMs), ...kept], rule).keep.map(({ snapshot }) => snapshot);
        }
        const atOnce = planRetention(every(dayMs, days + 1), rule).keep.map(({ snapshot }) => snapshot.id);
        expect(kept.map(({ id }) => id)).toEqual(atOnce);
      }),
      { numRuns: runsOf(20) },
    );
  });

  it('keeps every complete snapshot of a store whose backups stopped long ago', () => {
    const old = every(dayMs, 5).map((snapshot) => at(snapshot.takenAtMs - 400 * dayMs));
    expect(planRetention(old, { ...none, hourly: 168, daily: 30 }).remove).toEqual([]);
  });

  it('lets a broken backup hold no place, and keeps it only until a complete one is newer', () => {
    const [newest, older] = [at(end, 'no manifest'), at(end - dayMs)];
    expect(planRetention([newest, older], { ...none, daily: 30 }).remove).toEqual([]);
    const later = at(end + hourMs);
    expect(planRetention([later, newest, older], { ...none, daily: 30 }).remove).toEqual([newest]);
  });

  it('keeps what the five systems promise', () => {
    const count = (name: string, snapshots: readonly Snapshot[]) =>
      planRetention(snapshots, rulesOf(name)).keep.length;
    // 168 hours reach into an eighth day; 22 more days have an older snapshot of their own.
    expect(count('port-nimara-crm', every(hourMs, 24 * 60))).toBe(168 + 30 - 8);
    expect(count('nmia', every(dayMs, 100))).toBe(30);
    const corporate = planRetention(every(dayMs, 500), rulesOf('corporate-intel')).keep;
    const months = new Set(corporate.map(({ snapshot }) => periodOf(snapshot.takenAtMs, 'monthly')));
    expect(months.size).toBe(12);
    const dolibarr = planRetention(every(dayMs, 12 * 365), rulesOf('dolibarr-erp')).keep;
    expect(new Set(dolibarr.map(({ snapshot }) => periodOf(snapshot.takenAtMs, 'yearly'))).size).toBe(10);
    // The last days of November and of October are among the thirty.
    expect(count('whatsapp-mcp', every(dayMs, 1100))).toBe(30 + 12 - 2);
  });

  it('begins weeks on Monday', () => {
    expect(periodOf(Date.UTC(2026, 10, 22, 23), 'weekly')).toBe('2026-11-16');
    expect(periodOf(Date.UTC(2026, 10, 23), 'weekly')).toBe('2026-11-23');
  });
});
