import type { CommandContext } from '../app/command-context.ts';
import { exitStatus, statusBeforeRun } from '../app/exit-status.ts';
import type { Failure } from '../base/failure.ts';
import { commandGroups, commandList } from '../commands/list.ts';
import { derivePages } from './pages.ts';
import { parseCommandLine } from './parse-command-line.ts';

/** From the command line to the exit status. */
export async function runCommandLine(argv: readonly string[], context: CommandContext): Promise<number> {
  const parsed = parseCommandLine(argv, commandList);
  if (!parsed.ok) {
    tell(parsed.failure, context);
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
  tell(done.failure, context);
  return statusBeforeRun(done.failure);
}

/** What is happening, and what to do about it. */
function tell(failure: Failure, { stderr }: Pick<CommandContext, 'stderr'>): void {
  stderr.write(`${failure.message}\n→ ${failure.remedy}\n`);
  if (failure.detail !== undefined) stderr.write(`${failure.detail}\n`);
}
