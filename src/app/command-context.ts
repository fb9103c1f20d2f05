import type { Readable, Writable } from 'node:stream';

/** What a command found wrong, for people who are not there to read it. */
export type Trouble = { readonly verdict: 'failed' | 'could-not-verify'; readonly text: string };

/** What the program was given when it started; nothing below `main` reaches for the process itself. */
export type CommandContext = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
  /** Where `runbooks/` and `restore-logs/` are looked for. */
  readonly folder: string;
  /** The first picture of a run that is still being opened; whoever shows or prints something lifts it before. */
  readonly splash?: { lift(): Promise<void> };
  /** Where a scheduled command says what it found wrong; left out where nobody collects it. */
  readonly trouble?: (trouble: Trouble) => void;
};

export function printLine(context: CommandContext, text: string): void {
  context.stdout.write(`${text}\n`);
}
