import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { DrillRecord } from '../../../src/record/record-schema.ts';
import { endRuns } from '../../parts/end-runs.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../../terminal/pseudo-terminal.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
export const launcher = join(root, 'bin/thaw.js');

export type Launch = {
  readonly args: readonly string[];
  /** Where `restore-logs` is written. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
};

/** The whole program on a pseudo-terminal, as an operator starts it. It is gone when the test is over. */
export function openThaw(launch: Launch): PseudoTerminal {
  return onTerminal({ ...launch, file: process.execPath, args: [launcher, ...launch.args] });
}

/** The whole program inside a line of shell, for pipes and redirections: `"$@"` stands for the program. */
export function openThawInShell(launch: Launch & { readonly script: string }): PseudoTerminal {
  const args = ['-c', launch.script, 'sh', process.execPath, launcher, ...launch.args];
  return onTerminal({ ...launch, file: '/bin/sh', args });
}

function onTerminal(request: Launch & { readonly file: string }): PseudoTerminal {
  requireFreshBuild();
  const { folder, ...rest } = request;
  const terminal = openPseudoTerminal({ ...rest, cwd: folder });
  onTestFinished(async () => {
    await endProgram(terminal.pid);
    await endRuns(folder);
  });
  return { ...terminal, waitFor: (wanted, timeoutMs = 40_000) => terminal.waitFor(wanted, timeoutMs) };
}

/** Politely first, so that a failed test leaves no sandbox behind either. */
async function endProgram(pid: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    await waitUntil(() => !isAlive(pid), 1500).catch(() => undefined);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function waitUntil(holds: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`It does not hold within ${timeoutMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The compiled program must be the one that stands in src, or these tests would prove another one. */
function requireFreshBuild(): void {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  for (const name of sources.filter((one) => /\.tsx?$/.test(one))) {
    const compiled = join(root, 'dist', name.replace(/\.tsx?$/, '.js'));
    if (!existsSync(compiled) || statSync(compiled).mtimeMs < statSync(join(root, 'src', name)).mtimeMs) {
      throw new Error(`dist/${name} is missing or older than its source. Run npm run build first.`);
    }
  }
}

export type LoggedRun = {
  readonly runId: string;
  readonly record: DrillRecord;
  readonly markdown: string;
};

/** The newest run of a folder, as its record tells it. */
export async function readNewestRun(folder: string): Promise<LoggedRun> {
  const runId = newestRunId(folder);
  if (runId === undefined) throw new Error(`There is no run in ${folder}.`);
  const path = join(folder, 'restore-logs', runId);
  return {
    runId,
    record: JSON.parse(await readFile(join(path, 'record.json'), 'utf8')) as DrillRecord,
    markdown: await readFile(join(path, 'record.md'), 'utf8'),
  };
}

function newestRunId(folder: string): string | undefined {
  const logs = join(folder, 'restore-logs');
  if (!existsSync(logs)) return undefined;
  const runs = readdirSync(logs).filter((name) => /^\d{4}-/.test(name));
  return runs.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
}

/** The facts of the newest run as they stand on disk, also while it is still going on; its last line may be torn. */
export async function journalText(folder: string): Promise<string> {
  const runId = newestRunId(folder);
  if (runId === undefined) return '';
  return readFile(join(folder, 'restore-logs', runId, 'journal.jsonl'), 'utf8').catch(() => '');
}

/** A command that needs no terminal. */
export function runThaw(launch: Launch): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...launch.env };
    const args = [launcher, ...launch.args];
    const child = execFile(process.execPath, args, { cwd: launch.folder, env }, (error, stdout, stderr) =>
      resolve({
        status: error === null ? 0 : typeof error.code === 'number' ? error.code : 70,
        text: stdout + stderr,
      }),
    );
    child.stdin?.end();
  });
}
