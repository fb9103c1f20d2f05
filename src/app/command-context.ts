import type { Readable, Writable } from 'node:stream';
import { cleanJson, cleanText } from '../base/clean-text.ts';
import type { Failure } from '../base/failure.ts';
import type { Attendants } from './attendants.ts';

/** In the environment of a process that is begun for one run (begin-apart.ts). */
export const apartVariable = 'THAW_RUN_PROCESS';

/** What the program was given when it started; nothing below `main` reaches for the process itself. Whoever needs a part of it takes that part. */
export type CommandContext = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
  /** Where `runbooks/` and `restore-logs/` are looked for. */
  readonly folder: string;
  /** The first picture of a run that is still being opened; whoever shows or prints something lifts it before. */
  readonly splash?: { lift(): Promise<void> };
  /** The terminals that look at this process; only a process that was begun for a run has them. */
  readonly attendants?: Attendants;
};

export function printLine({ stdout }: Pick<CommandContext, 'stdout'>, text: string): void {
  stdout.write(`${cleanText(text)}\n`);
}

/** One object a line, for programs. */
export function printJson({ stdout }: Pick<CommandContext, 'stdout'>, json: string): void {
  stdout.write(`${cleanJson(json)}\n`);
}

/** A failure or a remark, with what to do about it. */
export function tellTrouble(
  { stderr }: Pick<CommandContext, 'stderr'>,
  {
    message,
    remedy,
    detail,
    code,
  }: Pick<Failure, 'message' | 'remedy' | 'detail'> & Partial<Pick<Failure, 'code'>>,
): void {
  // Behind the first one each line stands back, so that a name from outside with a line end in it cannot pass for a line of ours.
  const [first = '', ...more] = message.split('\n');
  const details = detail === undefined ? [] : detail.split('\n').map((line) => `| ${line}`);
  const about = code === undefined ? [] : [`  more: thaw explain ${code}`];
  const lines = [first, ...more.map((line) => `  ${line.trim()}`), `→ ${remedy}`, ...details, ...about];
  for (const line of lines) stderr.write(`${cleanText(line)}\n`);
}
