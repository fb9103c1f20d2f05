import { spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { serialize } from 'node:v8';
import { createLink } from '../adapters/attach/link.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { errorWords } from '../base/thrown.ts';
import { ownCommand } from '../platform/own-files.ts';
import type { WhenAlone } from './attendants.ts';
import { apartVariable, type CommandContext } from './command-context.ts';
import type { FollowRequest } from './follow-run.ts';

/**
 * A run that somebody looks at is a process of its own: it holds the journal, the lease and all parts, has no terminal to lose, and hears no
 * signal that is meant for a picture. This process is the first one that looks (docs/decisions/0069-the-run-is-its-own-process.md).
 */

/** What it is to do comes over this descriptor, where no other user sees it. */
const linkDescriptor = 3;
/** On a host that is busy with something else a program takes its time to start. */
const greetsWithinMs = 60_000;

export type ApartRequest = {
  /** By its name in the list of commands: it runs again in the process of the run. */
  readonly command: string;
  readonly given: {
    readonly operands: Readonly<Record<string, unknown>>;
    readonly options: FollowRequest['options'];
  };
  readonly whenAlone: WhenAlone;
};

/**
 * Begins it, and tells how to look at it: it starts while there is nothing to see yet. So nothing is loaded here that the first picture does
 * without.
 */
export async function beginApart(
  request: ApartRequest,
  context: CommandContext,
): Promise<Outcome<(shown: CommandContext) => Promise<Outcome<number>>>> {
  const { command, given, whenAlone } = request;
  const { options } = given;
  const words = [command, ...Object.values(given.operands).filter((one) => typeof one === 'string')];
  const [program, ...first] = ownCommand();
  const child = spawn(program, [...first, ...words, '--log-dir', options.logFolder], {
    cwd: context.folder,
    env: { ...context.environment, [apartVariable]: '1' },
    // A session of its own: what the terminal sends to whoever is in front of it does not reach it.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const started = await new Promise<string | undefined>((resolve) => {
    child.once('spawn', () => resolve(undefined));
    child.once('error', (error) => resolve(errorWords(error)));
  });
  const { pid, stderr } = child;
  if (started !== undefined || pid === undefined || stderr === null) return fail(notStarted(started));
  // Only what Node itself says, of a program that could not even begin.
  let lastWords = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-4000);
  });
  // Node's type knows only three of them by name; a pipe is a socket, both ways.
  const link = createLink(child.stdio[linkDescriptor] as Duplex);
  link.send({
    kind: 'begin',
    command,
    given: serialize(given).toString('base64'),
    whenAlone,
    isErrorTerminal: (context.stderr as { isTTY?: boolean }).isTTY === true,
  });
  return succeed(async (shown) => {
    try {
      const { followRun } = await import('./follow-run.ts');
      return succeed(await followRun({ link, pid, options, context: shown, greetsWithinMs }));
    } finally {
      if (lastWords !== '') context.stderr.write(lastWords);
      stderr.destroy();
      child.unref();
    }
  });
}

function notStarted(why: string | undefined): Failure {
  return {
    code: 'command-failed',
    message: `The process of the run cannot be started: ${why ?? 'it has no number'}.`,
    remedy:
      'See what the system lacks (processes, memory); `--plain </dev/null` walks in this process, with the answers given as options.',
    retry: 'after-fix',
  };
}
