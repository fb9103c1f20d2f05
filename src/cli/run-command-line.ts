import { type CommandContext, tellTrouble } from '../app/command-context.ts';
import { exitStatus, statusBeforeRun } from '../app/exit-status.ts';
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
  // Loaded where it is wanted: `thaw --help` and every press of the tab key shall be instant.
  const traces = (context.environment.THAW_DEBUG ?? '') !== '';
  const endTrace = traces
    ? (await import('../app/debug-trace.ts')).startDebugTrace({ argv, context })
    : undefined;
  const done = await parsed
    .value({ ...context, pages: derivePages(commandGroups) })
    .finally(() => endTrace?.());
  if (done.ok) return done.value;
  tellTrouble(context, done.failure);
  return statusBeforeRun(done.failure);
}
