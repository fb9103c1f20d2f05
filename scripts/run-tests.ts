import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Counts, countsFile } from './count-reporter.ts';
import { majors } from './crossings.ts';

/**
 * The tiers of the tests beyond `npm run check`, each one or more runs of vitest. CONTRIBUTING.md says what is in them.
 *
 *   node scripts/run-tests.ts test | matrix | versions | faults | night   runs a tier; its counts go to .thaw/results
 *   node scripts/run-tests.ts count                                       the counts of all tiers that ran, as one line
 */

const root = join(import.meta.dirname, '..');
const results = join(root, '.thaw/results');

type Suite = {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

const tiers: Readonly<Record<string, () => readonly Suite[]>> = {
  test: () => [{ name: 'test', args: [] }],
  matrix: () => (process.env.THAW_TEST_MAJORS ?? '18 16').split(' ').map(onMajor),
  versions: () => {
    rmSync(join(results, 'versions.json'), { force: true });
    return [onAllMajors()];
  },
  faults: () => [{ name: 'faults', args: [], env: { THAW_TEST_TIER: 'faults' } }],
  night: () => [
    {
      name: 'night-properties',
      args: ['--testTimeout=7200000', ...filesWithRuns()],
      env: { THAW_TEST_RUNS: process.env.THAW_TEST_RUNS ?? '200' },
    },
    {
      name: 'night-faults',
      args: ['--testTimeout=36000000'],
      env: {
        THAW_TEST_TIER: 'faults',
        THAW_TEST_FAULTS: process.env.THAW_TEST_FAULTS ?? '100',
        THAW_TEST_DRAWN: process.env.THAW_TEST_DRAWN ?? '1000',
      },
    },
  ],
};

/** The folder with the programs of that major version. */
function programsOf(major: number | string): string {
  const script = join(root, 'scripts/fetch-postgres.sh');
  const output = execFileSync('bash', [script, String(major)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return String(output).trim();
}

function onAllMajors(): Suite {
  const builds = majors.map((major) => `${major}=${programsOf(major)}`).join(' ');
  return { name: 'versions', args: [], env: { THAW_TEST_TIER: 'versions', THAW_TEST_BUILDS: builds } };
}

function onMajor(major: string): Suite {
  const path = `${programsOf(major)}${delimiter}${process.env.PATH}`;
  return {
    name: `matrix-${major}`,
    args: [],
    env: { PATH: path, THAW_TEST_TIER: 'matrix', THAW_TEST_MAJOR: major },
  };
}

/** Properties, and whatever else is told by `runsOf` how often to try. */
function filesWithRuns(): readonly string[] {
  const found = execFileSync('grep', ['-rlE', "from 'fast-check'|runsOf\\(", 'test'], {
    cwd: root,
    encoding: 'utf8',
  });
  return found.split('\n').filter((path) => /\.test\.tsx?$/.test(path));
}

/** Somebody wants it to end: no other suite begins. */
let interrupted = false;

async function runSuite({ name, args, env }: Suite): Promise<Counts> {
  const file = join(results, `${name}.counts`);
  await rm(file, { force: true });
  const startMs = performance.now();
  const reports = ['--reporter=default', `--reporter=${join(import.meta.dirname, 'count-reporter.ts')}`];
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...args, ...reports], {
    cwd: root,
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, '.thaw/compiled'), [countsFile]: file, ...env },
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted = true;
      child.kill(signal);
    });
  }
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
  const counts = await countIn(file, status);
  await writeFile(file, JSON.stringify(counts));
  const seconds = Math.round((performance.now() - startMs) / 1000);
  const span = `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  print(`thaw: ${name} took ${span}: ${counts.passed} tests passed and ${counts.failed} failed.`);
  return counts;
}

async function countIn(file: string, status: number): Promise<Counts> {
  const counts: Counts | undefined = await readFile(file, 'utf8').then(JSON.parse, () => undefined);
  if (counts === undefined)
    return { passed: 0, failed: 1, failures: [`the run ended with ${status} and without its counts`] };
  if (counts.failed > 0 || (status === 0 && counts.passed > 0)) return counts;
  return {
    ...counts,
    failed: 1,
    failures: [`no test failed, ${counts.passed} passed, and the run ended with ${status}`],
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(what: string): Promise<number> {
  if (what === 'count') {
    const names = await readdir(results).catch(() => []);
    const all = await Promise.all(
      names
        .filter((name) => name.endsWith('.counts'))
        .map(async (name): Promise<Counts> => JSON.parse(await readFile(join(results, name), 'utf8'))),
    );
    for (const failure of all.flatMap(({ failures = [] }) => failures)) print(`failed: ${failure}`);
    const sum = (key: 'passed' | 'failed') => all.reduce((total, counts) => total + counts[key], 0);
    print(`${sum('passed')} passed, ${sum('failed')} failed`);
    return sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;
  }
  const suites = tiers[what];
  if (suites === undefined) {
    print(`There is no tier “${what}”: node scripts/run-tests.ts ${Object.keys(tiers).join(' | ')} | count`);
    return 64;
  }
  await mkdir(results, { recursive: true });
  let failed = 0;
  for (const suite of suites()) {
    if (interrupted) break;
    failed += (await runSuite(suite)).failed;
  }
  return failed === 0 && !interrupted ? 0 : 1;
}

process.exitCode = await main(process.argv[2] ?? '');
