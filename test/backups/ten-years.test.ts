import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planRetention } from '../../src/backups/retention.ts';
import { runbookSchema } from '../../src/registry/kinds.ts';
import { parseRunbook } from '../../src/runbook/parse-runbook.ts';

const dayMs = 86_400_000;
const newestMs = Date.UTC(2026, 5, 30, 2);

/** Dumps of every night, as the listing of erp/prod/db/ gives them. */
function nights(count: number) {
  return Array.from({ length: count }, (_, ago) => {
    const takenAtMs = newestMs - ago * dayMs;
    const key = `erp/prod/db/${ago}.dump`;
    return { id: String(ago), key, takenAtMs, uploadedAtMs: takenAtMs, sizeBytes: 1_200_000, layers: [] };
  });
}

const rules = (() => {
  const parsed = parseRunbook({
    path: 'x',
    text: readFileSync('runbooks/dolibarr-erp.yaml', 'utf8'),
    schema: runbookSchema,
  });
  if (!parsed.ok || parsed.value.runbook.retention === undefined) throw new Error('no retention');
  return parsed.value.runbook.retention;
})();

describe('The retention of the ERP', () => {
  it('keeps 43 of 1,100 nights: 30 days, the months before them, the years before those', () => {
    const { keep, remove } = planRetention(nights(1100), rules);
    expect(keep.length + remove.length).toBe(1100);
    // 30 days, of which the newest is also that of its month and year; the last nights of 11 more months and 3 more years.
    expect(keep).toHaveLength(30 + 10 + 3);
    expect(keep.map(({ because }) => because)).toContain('the newest of year 2023');
  });

  it('still has a dump of each of the last ten years after eleven', () => {
    const { keep } = planRetention(nights(11 * 365), rules);
    const years = new Set(keep.map(({ snapshot }) => new Date(snapshot.takenAtMs).getUTCFullYear()));
    expect([...years].sort()).toEqual([2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025, 2026]);
  });
});
