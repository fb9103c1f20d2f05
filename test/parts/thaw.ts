import { type ChildProcess, spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../src/cli/run-command-line.ts';

const program = fileURLToPath(new URL('../../bin/thaw.js', import.meta.url));

export type ThawRequest = {
  readonly args: readonly string[];
  /** All the program gets, beside PATH and LANG: nothing of the test's own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** A program, with its words, that starts the rest of the line: another host name, other rights. */
  readonly through?: readonly string[];
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
  const { PATH = '/usr/bin:/bin', NODE_COMPILE_CACHE } = process.env;
  // Of the tests alone (scripts/run-tests.ts): a folder of this checkout with the compiled code of what starts again and again.
  const cache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
  // As `env -S node --` in the launcher: without the dashes Node takes our --env-file for its own. The runtime that runs the tests is the one that came along: a start of the launcher less.
  const [file = '', ...words] = [
    ...(request.through ?? []),
    process.execPath,
    '--',
    program,
    ...request.args,
  ];
  const child: ChildProcess = spawn(file, words, {
    cwd: request.cwd,
    env: { PATH, LANG: 'C.UTF-8', ...cache, ...request.env },
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

export type SaidHere = Omit<ThawEnd, 'signal'>;

/**
 * The same command line in this process: a start of the program takes half a second of the processor each. For what neither kills
 * nor signals it, and is not about the process itself.
 */
export async function thawHere({ args, env, cwd }: ThawRequest): Promise<SaidHere> {
  const { PATH = '/usr/bin:/bin' } = process.env;
  const chunks: string[] = [];
  const sink = () =>
    new Writable({
      write: (chunk, _encoding, next) => {
        chunks.push(String(chunk));
        next();
      },
    });
  const status = await runCommandLine(args, {
    environment: { PATH, LANG: 'C.UTF-8', ...env },
    stdin: Readable.from([]),
    stdout: sink(),
    stderr: sink(),
    folder: cwd,
  });
  return { status, text: chunks.join('') };
}
