import { expect, it } from 'vitest';
import { readProcStat } from '../../src/base/proc-stat.ts';

const stat = (name: string, state: string) =>
  `4711 (${name}) ${state} 1 4711 4711 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 987654 1000 200 18446744073709551615`;

it('finds the moment a process started, whatever its name holds', () => {
  expect(readProcStat(stat('node', 'S'))).toEqual({ startTicks: '987654' });
  expect(readProcStat(stat('a) R (b c', 'S'))).toEqual({ startTicks: '987654' });
});

it('takes a process that has ended, and that nobody has collected, for gone', () => {
  expect(readProcStat(stat('node', 'Z'))).toBeUndefined();
  expect(readProcStat('')).toBeUndefined();
});
