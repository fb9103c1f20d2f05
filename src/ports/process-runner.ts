import type { Readable, Writable } from 'node:stream';
import type { Outcome } from '../base/failure.ts';
import type { Secret } from '../base/secret.ts';

export type ProcessRequest = {
  readonly program: string;
  readonly args: readonly string[];
  /** Added to a small clean environment (PATH, HOME, LANG, TMPDIR and the like), never to all of ours. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Written to standard input, then closed; standard input is empty when left out. */
  readonly input?: string;
  /** Handed over through file descriptor 3, for a program that is told to read a passphrase there: it lies on no disk. */
  readonly secretInput?: Secret;
  /** Streamed to standard input instead of `input`. A program that ends before reading it all is no failure. */
  readonly inputFrom?: Readable;
  /**
   * Receives standard output as bytes: there are no stdout lines then, and `stdout` stays empty. It is not ended
   * here, since only the exit status tells whether what came is whole; destroying it ends the program.
   */
  readonly outputTo?: Writable;
  /** Each whole line of both streams as it comes. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /**
   * No output for that long, in milliseconds, ends it as `stalled`. Endless is only what is followed until the signal: a log may say
   * nothing for days.
   */
  readonly stallMs: number | 'endless';
  /**
   * Asked each time `stallMs` have passed in silence, with the id of the child's process group; true grants as long
   * again. For programs that work for hours without a word.
   */
  readonly stillWorking?: (processGroup: number) => Promise<boolean>;
  readonly signal?: AbortSignal;
};

export type ProcessResult = {
  readonly exitCode: number;
  /** At most the last 256 KiB of each. */
  readonly stdout: string;
  readonly stderr: string;
};

/**
 * Runs one program with arguments, never a shell string. The child has its own session, so neither the terminal's
 * signals nor its end reach it. Any exit status is a success of the runner; failures are tool-missing, denied,
 * stalled, cancelled, and command-failed for death by signal.
 */
export type ProcessRunner = {
  run(request: ProcessRequest): Promise<Outcome<ProcessResult>>;
};
