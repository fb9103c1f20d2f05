import type { Readable, Writable } from 'node:stream';

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
};

export function printLine({ stdout }: Pick<CommandContext, 'stdout'>, text: string): void {
  stdout.write(`${text}\n`);
}
