import { execFileSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeOneFile } from '../test/parts/one-file.ts';
import { openPseudoTerminal } from '../test/terminal/pseudo-terminal.ts';
import { cpuTimeMs, makeFolder, median } from './open-program.ts';

/**
 * npm run bench:first-frame [FILE]: what is promised of the one file (docs/measurements.md). It makes one, or takes FILE, for instance of
 * dist/release, and ends with 1 where a promise is broken. The times are those of a quiet host: on a busy one they say nothing.
 */
const wanted = { firstFrameMs: 400, packedBytes: 60_000_000 };
const starts = 15;

const [given] = process.argv.slice(2);
const file = given ?? (await makeOneFile());
const folder = makeFolder(1);
const times: number[] = [];
const cpuTimes: number[] = [];
try {
  for (let run = 0; run < starts; run += 1) await start();
} finally {
  folder.remove();
}
const middle = median(times);
const sorted = times.toSorted((one, other) => one - other).map((time) => time.toFixed(0));
console.log(
  `first frame: median ${middle.toFixed(0)} ms (${sorted.join(' ')}), cpu ${median(cpuTimes).toFixed(0)} ms, ` +
    `load ${loadavg()[0]?.toFixed(1)}, ${cpus().length} cores`,
);

const packedBytes = execFileSync('xz', ['--threads=0', '--stdout', file], { maxBuffer: 1 << 28 }).length;
console.log(`${file}: ${megabytes(statSync(file).size)}, as xz ${megabytes(packedBytes)}`);
if (given === undefined) rmSync(dirname(file), { recursive: true });

const broken = [
  ...(middle > wanted.firstFrameMs ? [`the first frame comes after ${wanted.firstFrameMs} ms`] : []),
  ...(packedBytes > wanted.packedBytes ? [`as xz it is larger than ${megabytes(wanted.packedBytes)}`] : []),
];
for (const promise of broken) console.log(`BROKEN: ${promise}`);
process.exitCode = broken.length === 0 ? 0 : 1;

async function start(): Promise<void> {
  const beganMs = performance.now();
  const program = openPseudoTerminal({ file, args: [], cwd: folder.path, env: { HOME: folder.path } });
  try {
    while (!program.bytes().includes('What do you want to do?')) {
      if (performance.now() - beganMs > 10_000) throw new Error(`No first page:\n${program.screen().join('\n')}`);
      await sleep(1);
    }
    times.push(performance.now() - beganMs);
    cpuTimes.push(cpuTimeMs(program.pid));
  } finally {
    process.kill(program.pid, 'SIGKILL');
    await program.exit;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
