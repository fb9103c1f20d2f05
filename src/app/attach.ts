import type { Link } from '../adapters/attach/link.ts';
import { dialRun } from '../adapters/attach/run-socket.ts';
import { findHolder } from '../adapters/disk/run-lock.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { lookUntil } from '../platform/pause.ts';
import type { CommandContext } from './command-context.ts';
import { type FollowRequest, followRun } from './follow-run.ts';
import { runDoorPath, runLockPath } from './run-locks.ts';
import type { LoggedRun } from './run-log.ts';
import { chooseAttendance } from './terminal.ts';

/** Between taking the lock and opening its door a process needs a moment. */
const door = { everyMs: 100, limitMs: 5000 };
const greetsWithinMs = 15_000;

/**
 * Comes to a run that another process of this host works on: sees it as whoever began it does, and may answer. Where nobody is there to
 * look, it does not; then the lock says why the run cannot be resumed.
 *
 * @returns the exit status; free: nobody works on it.
 */
export async function attachTo(
  request: {
    readonly run: LoggedRun;
    readonly logFolder: string;
    readonly options: FollowRequest['options'];
  },
  context: CommandContext,
): Promise<Outcome<number | 'free'>> {
  const { run, logFolder, options } = request;
  const { runId } = run.state.start;
  const attendance = chooseAttendance(options, context);
  if (attendance !== 'screen' && attendance !== 'lines-with-person') return succeed('free');
  const holder = await findHolder(runLockPath(logFolder, runId));
  if (holder?.fate !== 'alive') return succeed('free');
  const dialled = await lookUntil<Outcome<Link | 'free'>>({
    ...door,
    look: async () => {
      const link = await dialRun(runDoorPath(logFolder, runId));
      if (!link.ok) return link;
      if (link.value !== 'nobody') return succeed(link.value);
      return (await findHolder(runLockPath(logFolder, runId))) === undefined ? succeed('free') : undefined;
    },
  });
  const { pid } = holder;
  if (dialled === undefined) return fail(noDoor({ runId, pid }));
  if (!dialled.ok) return dialled;
  if (dialled.value === 'free') return succeed('free');
  return succeed(await followRun({ link: dialled.value, pid, options, context, greetsWithinMs }));
}

/** It undoes the run or takes it away (rollback, finish, discard), or it could make no socket. */
function noDoor({ runId, pid }: { readonly runId: string; readonly pid: number }): Failure {
  return {
    code: 'conflict',
    message: `Process ${pid} works on run ${runId}, and no terminal can come to it.`,
    remedy: `Wait until it has ended, or stop it: thaw stop ${runId}`,
    retry: 'after-fix',
  };
}
