import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/kinds/kind.ts';
import { createStepFeed } from '../../src/session/step-feed.ts';

const bytes = (done: number, total?: number): Progress => ({
  label: 'fetched',
  done,
  unit: 'bytes',
  ...(total === undefined ? {} : { total }),
});

describe('the progress of a step', () => {
  it('says how much of how much, how fast, and how long it still takes', () => {
    const feed = createStepFeed();
    feed.addProgress(bytes(0, 100_000_000), 0);
    feed.addProgress(bytes(20_000_000, 100_000_000), 10_000);
    expect(feed.progress(10_000)).toEqual([
      { label: 'fetched', text: '20 MB of 100 MB · 2 MB/s · about 0:40 left', fraction: 0.2 },
    ]);
  });

  it('does not count what an earlier attempt had brought into the rate', () => {
    const feed = createStepFeed();
    feed.addProgress(bytes(90_000_000, 100_000_000), 0);
    feed.addProgress(bytes(95_000_000, 100_000_000), 5_000);
    expect(feed.progress(5_000)[0]?.text).toBe('95 MB of 100 MB · 1 MB/s · about 0:05 left');
  });

  it('names no rate over less than two seconds, and none without a total to go by', () => {
    const feed = createStepFeed();
    feed.addProgress(bytes(0, 100), 0);
    feed.addProgress(bytes(50, 100), 500);
    expect(feed.progress(500)[0]?.text).toBe('50 B of 100 B');
    const open = createStepFeed();
    open.addProgress({ label: 'found', done: 0, unit: 'count' }, 0);
    open.addProgress({ label: 'found', done: 5000, unit: 'count' }, 5000);
    expect(open.progress(5000)).toEqual([{ label: 'found', text: '5,000 · 1,000/s' }]);
  });

  it('says since when nothing has moved, unless it is done', () => {
    const feed = createStepFeed();
    feed.addProgress(bytes(50, 100), 0);
    feed.addProgress(bytes(50, 100), 9_000);
    expect(feed.progress(9_999)[0]?.stalled).toBeUndefined();
    expect(feed.progress(65_000)[0]?.stalled).toBe('nothing has moved for 1:05');
    feed.addProgress(bytes(100, 100), 66_000);
    expect(feed.progress(200_000)[0]).toMatchObject({ fraction: 1 });
    expect(feed.progress(200_000)[0]?.stalled).toBeUndefined();
  });

  it('measures each label by itself, and anew with each attempt', () => {
    const feed = createStepFeed();
    feed.addProgress(bytes(1, 2), 0);
    feed.addProgress({ label: 'mirrored', done: 3, total: 4, unit: 'count' }, 0);
    expect(feed.progress(0).map(({ label }) => label)).toEqual(['fetched', 'mirrored']);
    feed.clearProgress();
    expect(feed.progress(0)).toEqual([]);
  });
});

describe('the output of a step', () => {
  it('keeps the last 2,000 lines', () => {
    const feed = createStepFeed();
    for (let line = 0; line < 2500; line += 1) feed.addLine({ atMs: line, text: `line ${line}` });
    expect(feed.lines()).toHaveLength(2000);
    expect(feed.lines()[0]?.text).toBe('line 500');
    expect(feed.lines().at(-1)?.text).toBe('line 2499');
  });
});
