import { type Duplex, Readable, Writable } from 'node:stream';
import { type CommandContext, tellTrouble } from '../app/command-context.ts';
import { exitStatus, statusBeforeRun } from '../app/exit-status.ts';
import type { Outcome } from '../base/failure.ts';
import type { ProgramContext } from '../commands/command.ts';
import { commandGroups, commandList } from '../commands/list.ts';
import { derivePages } from './pages.ts';
import { parseCommandLine } from './parse-command-line.ts';

/** From the command line to the exit status. */
export async function runCommandLine(argv: readonly string[], context: CommandContext): Promise<number> {
  const parsed = parseCommandLine(argv, commandList);
  if (!parsed.ok) {
    tellTrouble(context, parsed.failure);
    return exitStatus.usage;
  }
  return toStatus({ argv, context, start: parsed.value });
}

/**
 * In a process that was begun for one run (app/run-apart.ts): the same command once more, told over a link instead of a command line,
 * with the terminals at its other ends in the place of a terminal of its own.
 */
export async function runErrand(
  { argv, stream }: { readonly argv: readonly string[]; readonly stream: Duplex },
  context: CommandContext,
): Promise<number> {
  const { hearErrand } = await import('../app/hear-errand.ts');
  const { createAttendants } = await import('../app/attendants.ts');
  const errand = await hearErrand(stream);
  const command = commandList.find(({ name }) => name === errand?.command);
  if (errand === undefined || command === undefined) return exitStatus.stopped;
  const { link, whenAlone, given, isErrorTerminal } = errand;
  const attendants = createAttendants({ first: link, whenAlone });
  // Nobody is left who could see what has not begun yet.
  attendants.onAlone(() => {
    if (!attendants.isServing()) process.exit(exitStatus.interrupted);
  });
  // What Node says of it reaches the first terminal at most.
  process.on('uncaughtExceptionMonitor', (bug) => attendants.trouble(`${bug.stack ?? bug.message}\n`));
  const own = {
    ...context,
    stdin: Readable.from([]),
    stdout: writeTo(attendants.print),
    stderr: Object.assign(writeTo(attendants.trouble), { isTTY: isErrorTerminal }),
    attendants,
  };
  const status = await toStatus({ argv, context: own, start: (program) => command.goOn(program, given) });
  attendants.end(status);
  return status;
}

function writeTo(say: (text: string) => void): Writable {
  return new Writable({
    write(chunk: unknown, _encoding, done) {
      say(String(chunk));
      done();
    },
  });
}

/** An exception here is a bug of ours. */
async function toStatus(request: {
  readonly argv: readonly string[];
  readonly context: CommandContext;
  readonly start: (context: ProgramContext) => Promise<Outcome<number>>;
}): Promise<number> {
  const { argv, context, start } = request;
  // Loaded where it is wanted: `thaw --help` and every press of the tab key shall be instant.
  const traces = (context.environment.THAW_DEBUG ?? '') !== '';
  const endTrace = traces
    ? (await import('../app/debug-trace.ts')).startDebugTrace({ argv, context })
    : undefined;
  try {
    const done = await start({ ...context, pages: derivePages(commandGroups) });
    if (done.ok) return done.value;
    tellTrouble(context, done.failure);
    return statusBeforeRun(done.failure);
  } catch (bug) {
    tellTrouble(context, {
      message: 'This is a bug in thaw.',
      remedy: 'The journal of the run is safe: go on with `thaw resume`.',
      detail: bug instanceof Error ? (bug.stack ?? bug.message) : String(bug),
    });
    return exitStatus.bug;
  } finally {
    endTrace?.();
  }
}
