import { describe, expect, it } from 'vitest';
import { type Verdict, worstVerdict } from '../../src/base/verdict.ts';

describe('the verdict over several checks', () => {
  it.each<[readonly Verdict[], Verdict]>([
    [[], 'skipped'],
    [['skipped', 'skipped'], 'skipped'],
    [['skipped', 'passed'], 'passed'],
    [['passed', 'could-not-verify', 'skipped'], 'could-not-verify'],
    [['passed', 'could-not-verify', 'failed'], 'failed'],
  ])('of %j is %s', (all, verdict) => {
    expect(worstVerdict(all)).toBe(verdict);
  });
});
