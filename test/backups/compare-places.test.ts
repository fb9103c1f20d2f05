import { describe, expect, it } from 'vitest';
import { comparePlaces, type Listed } from '../../src/backups/compare-places.ts';

const hourMs = 3_600_000;
const nowMs = 100 * hourMs;
const file = (key: string, more: Partial<Listed> = {}): Listed => ({
  key,
  sizeBytes: 100,
  modifiedAtMs: nowMs - 5 * hourMs,
  ...more,
});
const compare = (here: readonly Listed[], there: readonly Listed[]) =>
  comparePlaces({ here, there, settledBeforeMs: nowMs - hourMs });
const none = { missing: [], gone: [], differing: [] };

describe('comparing an archive with its copy', () => {
  it('finds nothing where both are alike, whether the copy has a digest or not', () => {
    const tag = 'a'.repeat(32);
    expect(compare([file('a', { etag: tag })], [file('a', { etag: tag })])).toEqual(none);
    expect(compare([file('a', { etag: tag })], [file('a', { etag: '100-7' })])).toEqual(none);
  });

  it('lets what was just written be on its way', () => {
    const young = { modifiedAtMs: nowMs - 1000 };
    expect(compare([file('a', young)], [])).toEqual(none);
    expect(compare([file('a', { ...young, sizeBytes: 150 })], [file('a')])).toEqual(none);
  });

  it('names what never arrived, what was removed, shortened or rewritten here', () => {
    expect(compare([file('a')], [])).toEqual({ ...none, missing: ['a'] });
    expect(compare([], [file('a')])).toEqual({ ...none, gone: ['a'] });
    expect(compare([file('a', { sizeBytes: 90 })], [file('a')])).toEqual({ ...none, differing: ['a'] });
    const rewritten = { etag: 'b'.repeat(32) };
    expect(compare([file('a', rewritten)], [file('a', { etag: 'a'.repeat(32) })])).toEqual({
      ...none,
      differing: ['a'],
    });
  });

  it('sees through a fresh time on a file that was shortened', () => {
    const young = { modifiedAtMs: nowMs - 1000, sizeBytes: 90 };
    expect(compare([file('a', young)], [file('a')])).toEqual({ ...none, differing: ['a'] });
  });
});
