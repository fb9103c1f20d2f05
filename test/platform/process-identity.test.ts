import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import {
  findFate,
  identifyProcess,
  identifyThisProcess,
  isAlive,
  readProcStat,
} from '../../src/platform/process-identity.ts';

const stat = (name: string, state: string) =>
  `4711 (${name}) ${state} 1 4711 4711 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 987654 1000 200 18446744073709551615`;

it('finds the moment a process started, whatever its name holds', () => {
  expect(readProcStat(stat('node', 'S'))).toEqual({ processGroup: 4711, startTicks: '987654' });
  expect(readProcStat(stat('a) R (b c', 'S'))).toEqual({ processGroup: 4711, startTicks: '987654' });
});

it('takes a process that has ended, and that nobody has collected, for gone', () => {
  expect(readProcStat(stat('node', 'Z'))).toBeUndefined();
  expect(readProcStat('')).toBeUndefined();
});

it('tells this process from a later one with the same pid, and from one on another host or of another boot', async () => {
  const own = await identifyThisProcess();
  expect(await isAlive(own)).toBe(true);
  expect(await isAlive({ ...own, startTicks: '1' })).toBe(false);
  expect(await findFate(own)).toBe('alive');
  expect(await findFate({ ...own, startTicks: '1' })).toBe('dead');
  expect(await findFate({ ...own, bootId: 'of-yesterday' })).toBe('dead');
  expect(await findFate({ ...own, host: 'elsewhere.invalid' })).toBe('unknown');
});

it('takes any process with that pid for alive where the system never said when it started', async () => {
  expect(await isAlive({ pid: process.pid, startTicks: '' })).toBe(true);
});

it('knows no process once it has ended', async () => {
  const child = spawn('sleep', ['60']);
  const identity = await identifyProcess(child.pid ?? 0);
  expect(identity).toMatchObject({ pid: child.pid, startTicks: expect.stringMatching(/^\d+$/) });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await identifyProcess(child.pid ?? 0)).toBeUndefined();
  expect(identity === undefined || (await isAlive(identity))).toBe(false);
});
