import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatSpan,
  formatTime,
  parseDuration,
} from '../../src/base/units.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1050, '1.05 kB'],
    [9_940, '9.94 kB'],
    [9_960, '10 kB'],
    [41_300_000, '41.3 MB'],
    [99_500_000, '100 MB'],
    [412_000_000, '412 MB'],
    [999_499_999, '999 MB'],
    [999_500_000, '1 GB'],
    [1_500_000_000, '1.5 GB'],
    [3.2e15, '3.2 PB'],
    [4.5e18, '4500 PB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [-5, '0:00'],
    [0, '0:00'],
    [999, '0:00'],
    [61_000, '1:01'],
    [3_599_999, '59:59'],
    [3_600_000, '1:00:00'],
    [7_384_000, '2:03:04'],
    [100 * 3_600_000, '100:00:00'],
  ])('writes %d ms as the duration %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([
    [-1, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [41 * 60_000, '41 min'],
    [3_600_000, '1 h'],
    [161 * 60_000, '2 h 41'],
    [(47 * 60 + 5) * 60_000, '47 h 05'],
    [48 * 3_600_000, '2 d 0 h'],
    [76 * 3_600_000, '3 d 4 h'],
  ])('writes %d ms as the span %s', (ms, text) => {
    expect(formatSpan(ms)).toBe(text);
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [5004, '5,004'],
    [-123, '-123'],
    [-1234, '-1,234'],
    [1_234_567.9, '1,234,567'],
  ])('counts %d as %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it('writes times in UTC, to the second', () => {
    expect(formatTime(Date.UTC(2026, 3, 28, 14, 7, 31, 999))).toBe('2026-04-28 14:07:31 UTC');
  });
});

describe('durations as people write them', () => {
  it.each([
    ['90s', 90_000],
    ['250ms', 250],
    ['30m', 1_800_000],
    ['5min', 300_000],
    ['1h', 3_600_000],
    ['1h 30m', 5_400_000],
    ['1h30m', 5_400_000],
    [' 2 d ', 172_800_000],
    ['0s', 0],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', 'h', '5m in', '1 0s', '1.5h', '-5s', '5 s s', '5S', '1h,30m'])('refuses "%s"', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
