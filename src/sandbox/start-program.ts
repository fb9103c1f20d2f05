import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { isKnownProgram } from '../base/programs.ts';
import { sayInstall } from '../platform/plan-install.ts';

type ProgramRequest = {
  readonly program: string;
  readonly args: readonly string[];
  /** Added to PATH, HOME and LANG; nothing else of our environment reaches the program. */
  readonly env: Readonly<Record<string, string>>;
};

type RunningProgram = {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Settles once the program has ended and closed its streams. */
  readonly ended: Promise<Outcome<void>>;
  kill(): void;
};

/** What is kept of standard error for a failure's detail. */
const keptCharacters = 4096;

/** Starts one program of the old backup scripts with its streams in our hands, so that several can be joined. */
export function startProgram(request: ProgramRequest): RunningProgram {
  const { PATH = '/usr/bin:/bin', HOME = '/' } = process.env;
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(request.program, [...request.args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH, HOME, LANG: 'C.UTF-8', ...request.env },
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-keptCharacters);
  });
  // A program that ends before it has read everything breaks the pipe; its exit status says why, the pipe does not.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<Outcome<void>>((settle) => {
    child.on('error', (error: NodeJS.ErrnoException) => settle(describeStart(request.program, error)));
    child.on('close', (exitCode, signalName) => {
      if (exitCode === 0) settle(succeed(undefined));
      else settle(describeEnd({ program: request.program, how: signalName ?? `status ${exitCode}`, words }));
    });
  });
  return { stdin: child.stdin, stdout: child.stdout, ended, kill: () => void child.kill('SIGKILL') };
}

/** Runs one short program to its end and returns what it printed. */
export async function runProgram(
  request: ProgramRequest & { readonly input?: string },
): Promise<Outcome<string>> {
  const running = startProgram(request);
  let printed = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  running.stdin.end(request.input ?? '');
  const ended = await running.ended;
  return ended.ok ? succeed(printed) : ended;
}

function describeStart(program: string, error: NodeJS.ErrnoException): Outcome<void> {
  const name = program.slice(program.lastIndexOf('/') + 1);
  if (error.code === 'ENOENT') {
    return fail({
      code: 'tool-missing',
      message: `The rehearsal cannot start ${program}: it is not installed.`,
      remedy: isKnownProgram(name) ? sayInstall({ program: name }) : `Install ${name}.`,
      retry: 'after-fix',
    });
  }
  return fail({
    code: 'command-failed',
    message: `The rehearsal cannot start ${program} (${error.code ?? 'unknown error'}).`,
    remedy: 'Check that this user may run it.',
    retry: 'after-fix',
  });
}

function describeEnd(end: {
  readonly program: string;
  readonly how: string;
  readonly words: string;
}): Outcome<void> {
  return fail({
    code: 'command-failed',
    message: `${end.program} ends with ${end.how} while the rehearsal prepares its sandbox.`,
    remedy: 'Read its words below and start the rehearsal again.',
    retry: 'after-fix',
    detail: end.words.trim(),
  });
}
