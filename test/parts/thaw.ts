import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/thaw.js', import.meta.url));

export type ThawRequest = {
  readonly args: readonly string[];
  /** All the program gets, beside PATH and LANG: nothing of the test's own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
};

export type ThawEnd = {
  /** Undefined when a signal ended it. */
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Everything it printed, on both streams. */
  readonly text: string;
};

export type RunningThaw = {
  readonly pid: number;
  /** Everything it has printed so far. */
  printed(): string;
  /** Resolves once it has printed this; throws with its words when it ends before. */
  waitFor(wanted: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<ThawEnd>;
};

const patienceMs = 90_000;

/** The real program as cron would start it: a process of its own, without a terminal. */
export function startThaw(request: ThawRequest): RunningThaw {
  const { PATH = '/usr/bin:/bin' } = process.env;
  // The runtime that runs the tests is the one that came along: a start of the launcher less.
  const child: ChildProcess = spawn(process.execPath, [program, ...request.args], {
    cwd: request.cwd,
    env: { PATH, LANG: 'C.UTF-8', ...request.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const watcher of [...watchers]) watcher();
    });
  }
  const ended = new Promise<ThawEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ status: code ?? undefined, signal: signal ?? undefined, text });
    });
  });
  return {
    pid: child.pid ?? 0,
    printed: () => text,
    waitFor: (wanted) =>
      new Promise((resolve, reject) => {
        const giveUp = setTimeout(() => settle(`does not say ${wanted} within ${patienceMs} ms`), patienceMs);
        const look = () => {
          if (wanted.test(text)) settle();
        };
        function settle(why?: string) {
          clearTimeout(giveUp);
          watchers.delete(look);
          if (why === undefined) resolve();
          else reject(new Error(`thaw ${request.args.join(' ')} ${why}:\n${text}`));
        }
        watchers.add(look);
        look();
        void ended.then(() => settle(wanted.test(text) ? undefined : `ends and never says ${wanted}`));
      }),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

export function runThaw(request: ThawRequest): Promise<ThawEnd> {
  return startThaw(request).ended;
}
