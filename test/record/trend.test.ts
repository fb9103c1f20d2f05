import { describe, expect, it } from 'vitest';
import { isFarBeyond } from '../../src/journal/far-beyond.ts';
import { toMarkdown } from '../../src/record/to-markdown.ts';
import { expectSteps, openActionsOf, renderTrend, workedMs } from '../../src/record/trend.ts';
import { fullRun, fullStart, recordOf } from './sample-run.ts';

const record = recordOf(fullRun);

describe('the trend of a runbook', () => {
  it('compares work, not waiting for answers', () => {
    const smoke = record.steps.at(-1);
    const asked = smoke === undefined ? undefined : workedMs(smoke);
    expect(asked).toBe(3000);
    expect(renderTrend([record])[0]).toMatchObject({
      runId: record.runId,
      stepMs: { fetch: 3000, 'restore-database': 3000, 'smoke-checklist': 3000 },
      rtoMs: record.rto.actualMs,
    });
  });

  it('expects of a step what it usually took, and knows the longest', () => {
    expect(expectSteps([record, record])).toMatchObject({
      fetch: { medianMs: 3000, longestMs: 3000, runs: 2 },
    });
  });

  it('carries on what was left to be done', () => {
    expect(openActionsOf([record])).toEqual([
      { runId: record.runId, text: 'write down the vault', owner: 'the-operator', due: '2026-05-30' },
    ]);
  });

  it('calls a step far beyond its past only when it is more than chance', () => {
    expect(isFarBeyond(9_000, { longestMs: 100 })).toBe(false);
    expect(isFarBeyond(25_000, { longestMs: 14_000 })).toBe(false);
    expect(isFarBeyond(61_000, { longestMs: 30_000 })).toBe(true);
  });

  it('says so in the record', () => {
    const history = {
      runs: ['an earlier run'],
      steps: { fetch: { medianMs: 1, longestMs: 2, runs: 3 } },
      openActions: [],
    };
    const slow = [{ ...fullStart, history }, ...fullRun.slice(1)];
    expect(recordOf(slow).steps[0]?.pace).toEqual({ value: { workedMs: 3000, isFarBeyond: false } });
    expect(toMarkdown(recordOf(slow))).toContain('| 3.0 s; usually 0.0 s, at most 0.0 s in 3 earlier runs |');
    const late = { ...history, steps: { fetch: { medianMs: 1, longestMs: -20_000, runs: 3 } } };
    const lateRecord = recordOf([{ ...fullStart, history: late }, ...fullRun.slice(1)]);
    expect(lateRecord.steps[0]?.pace).toEqual({ value: { workedMs: 3000, isFarBeyond: true } });
    expect(toMarkdown(lateRecord)).toContain('| FAR BEYOND its past: 3.0 s; usually ');
  });
});
