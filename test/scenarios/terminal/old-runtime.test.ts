import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { childrenOf, isAlive } from '../../parts/end-runs.ts';
import { type SwapStand, startSwapStand } from '../swap/stand.ts';

/** On a host whose own Node is older than thaw needs, a launcher starts the right one. */

const program = fileURLToPath(new URL('../../../bin/thaw.js', import.meta.url));
/** This very Node, which says that it is an old one; what it starts is told nothing of that. */
const old = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})`;
let stand: SwapStand;

beforeAll(async () => {
  stand = await startSwapStand();
  await stand.reset();
});
afterAll(() => stand?.remove());

it('a launcher that is killed takes the real process with it, and production is not swapped behind its back', async () => {
  const request = stand.request({ as: 'owner', logs: stand.newLogs() });
  const launcher = spawn(process.execPath, ['--import', old, '--', program, ...request.args], {
    cwd: request.cwd,
    env: { PATH: process.env.PATH, ...request.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [launcher.stdout, launcher.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  let real: readonly number[] = [];
  await stand.proxy.before(/ANALYZE/, async () => {
    real = childrenOf(launcher.pid);
    launcher.kill('SIGKILL');
    await new Promise((resolve) => launcher.once('exit', resolve));
    for (let waited = 0; real.some(isAlive) && waited < 5000; waited += 50) await sleep(50);
  });
  expect(real, said).toHaveLength(1);
  expect(real.filter(isAlive)).toEqual([]);
  await sleep(1500);
  expect(await stand.databases(), said).toEqual({ shop: 'old', shop__restore_: 'restored' });
});
