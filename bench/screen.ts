import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PseudoTerminal } from '../test/terminal/pseudo-terminal.ts';
import { endRuns } from '../test/parts/end-runs.ts';
import { drawingShare } from './drawing-share.ts';
import { cpuTimeMs, makeFolder, median, openProgram } from './open-program.ts';

/**
 * npm run bench: the promises of the screen, measured on the whole program in a pseudo-terminal of 80 by 24.
 * A step prints 10,000 lines a second; keys are pressed meanwhile, and the profile says what drawing cost.
 */
const seconds = 20;
const keyPresses = 60;
const starts = 9;

const own = process.execPath;
const folder = makeFolder(seconds);
try {
  console.log(`${cpus().length} cores, ${(totalmem() / 1e9).toFixed(0)} GB, node ${process.version}`);
  await measureStarts();
  await measureFlood();
} finally {
  await endRuns(folder.path);
  folder.remove();
}

/** From the start of the process to the first picture that says something. */
async function measureStarts(): Promise<void> {
  const hosts = [{ name: 'this node', node: own }, ...olderNode()];
  for (const { name, node } of hosts) {
    for (const [what, args, shows] of [
      ['thaw', [], 'What do you want to do?'],
      ['thaw restore', ['restore', './flood.yaml'], 'Reading the runbook'],
      ['thaw restore, with the run', ['restore', './flood.yaml'], 'of 30:00 RTO'],
    ] as const) {
      const times: number[] = [];
      const cpuTimes: number[] = [];
      for (let run = 0; run < starts; run += 1) {
        const beganMs = performance.now();
        const program = openProgram({ node, args, folder: folder.path });
        await untilBytes(program, shows);
        times.push(performance.now() - beganMs);
        cpuTimes.push(cpuTimeMs(program.pid));
        process.kill(program.pid, 'SIGKILL');
        await program.exit;
        // The run is a process of its own, and would hold its target.
        await endRuns(folder.path);
      }
      const sorted = times.sort((a, b) => a - b).map((time) => time.toFixed(0));
      console.log(
        `first frame of \`${what}\` on ${name}: median ${median(times).toFixed(0)} ms (${sorted.join(' ')}), ` +
          `cpu ${median(cpuTimes).toFixed(0)} ms, load ${loadavg()[0]?.toFixed(1)}`,
      );
    }
  }
}

/** The node of the host, where the launcher has to start the one that comes along. */
function olderNode(): readonly { readonly name: string; readonly node: string }[] {
  for (const node of ['/usr/bin/node', '/usr/local/bin/node']) {
    try {
      const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
      if (Number(version.slice(1).split('.')[0]) < 22) return [{ name: `${version}, through the launcher`, node }];
    } catch {
      // There is none.
    }
  }
  return [];
}

async function untilBytes(program: PseudoTerminal, text: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!program.bytes().includes(text)) {
    if (performance.now() > end) throw new Error(`Not shown: ${text}`);
    await sleep(1);
  }
}

async function measureFlood(): Promise<void> {
  const program = openProgram({
    node: own,
    nodeArgs: ['--cpu-prof', '--cpu-prof-interval', '500', '--cpu-prof-dir', folder.path],
    args: ['restore', './flood.yaml'],
    folder: folder.path,
  });
  await program.waitFor('y begin', 15_000);
  program.write('y');
  await program.waitFor('processing data', 15_000);
  await sleep(2000);
  const before = program.bytes().length;
  const cpuBeforeMs = cpuTimeMs(program.pid);
  const beganMs = performance.now();
  const times: number[] = [];
  for (let press = 0; press < keyPresses; press += 1) {
    const [key, shows] = press % 2 === 0 ? ['\x1b[5~', 'held'] : ['f', 'following'];
    const pressedMs = performance.now();
    program.write(key);
    await program.waitFor((rows) => rows.some((row) => row.includes(shows)));
    times.push(performance.now() - pressedMs);
    // Never in step with the frames.
    await sleep(90 + ((press * 37) % 71));
  }
  const spentMs = performance.now() - beganMs;
  const cpuMs = cpuTimeMs(program.pid) - cpuBeforeMs;
  const bytes = program.bytes().length - before;
  const sorted = [...times].sort((a, b) => a - b);
  console.log(
    `key to frame under 10,000 lines a second: median ${median(times).toFixed(0)} ms, ` +
      `90 % within ${(sorted[Math.floor(sorted.length * 0.9)] ?? 0).toFixed(0)} ms, worst ${(sorted.at(-1) ?? 0).toFixed(0)} ms of ${times.length} keys`,
  );
  console.log(`cpu of the whole program meanwhile: ${((cpuMs / spentMs) * 100).toFixed(1)} % of one core`);
  console.log(`written to the terminal: ${(bytes / spentMs).toFixed(1)} kB a second, ${keyPresses} keys included`);
  await program.waitFor('any key leaves', (seconds + 30) * 1000);
  program.write(' ');
  await program.exit;
  const profile = readdirSync(folder.path).find((name) => name.endsWith('.cpuprofile'));
  if (profile === undefined) throw new Error('There is no profile.');
  const share = drawingShare(readFileSync(join(folder.path, profile), 'utf8'));
  console.log(
    `drawing: ${share.drawingMs.toFixed(0)} ms of ${share.totalMs.toFixed(0)} ms, ${((share.drawingMs / share.totalMs) * 100).toFixed(1)} % of one core`,
  );
  console.log(`largest parts: ${share.largest.join('; ')}`);
  console.log(`broken promises of all frames: ${program.violations().length === 0 ? 'none' : program.violations().join('; ')}`);
  console.log(`scrollback erased: ${program.bytes().includes('\x1b[3J') ? 'YES' : 'never'}`);
}
