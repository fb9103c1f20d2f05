import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cleanText } from '../base/clean-text.ts';
import { createRedactor, type Redact } from '../base/secret.ts';
import { listenToTrace } from '../platform/trace.ts';
import type { CommandContext } from './command-context.ts';

/**
 * `THAW_DEBUG=1`: everything that is asked of the world, one line each, in LOG/debug-PID.log; `THAW_DEBUG=stderr`: on standard error.
 * Never on a terminal: the lines would stand in the middle of the screen.
 */

/** Each runbook that was opened knows its own secrets, also those that it learns on the way. */
const redactors = new Set<Redact>();

export function maskInTrace(redact: Redact): void {
  redactors.add(redact);
}

/** Before any runbook is read: what the environment itself calls a secret. */
const secretNames = /PASS|SECRET|TOKEN|KEY|CREDENTIAL|WEBHOOK|URL/i;

type Request = {
  readonly argv: readonly string[];
  readonly context: Pick<CommandContext, 'environment' | 'folder'> & {
    readonly stderr: { readonly isTTY?: boolean; write(text: string): unknown };
  };
};

/** @returns what ends it. */
export function startDebugTrace({ argv, context }: Request): () => void {
  const wanted = context.environment.THAW_DEBUG ?? '';
  if (wanted === '' || wanted === '0') return () => {};
  if (wanted !== '1' && wanted !== 'stderr') {
    context.stderr.write(
      `THAW_DEBUG is “${cleanText(wanted)}”; 1 and stderr are understood. Nothing is traced.\n`,
    );
    return () => {};
  }
  const sink =
    wanted === 'stderr' && context.stderr.isTTY !== true
      ? { write: (line: string) => void context.stderr.write(line), close: () => {} }
      : openFile({ argv, context });
  if (sink === undefined) return () => {};
  const values = Object.entries(context.environment).flatMap(([name, value = '']) =>
    secretNames.test(name) && value.length >= 6 ? [value] : [],
  );
  const ownSecrets = createRedactor(values);
  const stop = listenToTrace(({ kind, text, durationMs, outcome }) => {
    const line = `${new Date().toISOString()} ${kind.padEnd(7)} ${String(durationMs).padStart(6)} ms  ${outcome.padEnd(8)} ${text}`;
    const masked = [ownSecrets, ...redactors].reduce((clean, redact) => redact(clean), line);
    sink.write(`${cleanText(masked)}\n`);
  });
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    stop();
    sink.close();
  };
}

function openFile({ argv, context }: Request) {
  const folder = resolve(context.folder, logFolderIn(argv));
  const file = join(folder, `debug-${process.pid}.log`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const descriptor = openSync(file, 'a', 0o600);
    return {
      // At once: whoever debugs a crash wants the last line, too. A disk that is full must not end a restore.
      write: (line: string) => {
        try {
          writeSync(descriptor, line);
        } catch {
          // The trace is an extra; the journal is what has to be written.
        }
      },
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    context.stderr.write(`THAW_DEBUG: cannot write ${file}: ${because}. Nothing is traced.\n`);
    return undefined;
  }
}

/** The parser comes later, and refuses what is wrong here. */
function logFolderIn(argv: readonly string[]): string {
  const at = argv.findLastIndex((word) => word === '--log-dir' || word.startsWith('--log-dir='));
  const word = argv[at];
  if (word === undefined) return 'restore-logs';
  return word === '--log-dir' ? (argv[at + 1] ?? 'restore-logs') : word.slice('--log-dir='.length);
}
