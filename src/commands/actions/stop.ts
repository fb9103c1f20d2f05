import { resolve } from 'node:path';
import { findHolder } from '../../adapters/disk/run-lock.ts';
import { type CommandContext, printLine } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import type { Options } from '../../app/options.ts';
import { runLockPath } from '../../app/run-locks.ts';
import { listRunIds, openRun } from '../../app/run-log.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { lookUntil } from '../../platform/pause.ts';

type StopRequest = { readonly named: string | undefined; readonly options: Options<'logFolder'> };

const lookEveryMs = 200;
/** pg_restore ends within seconds; a swap, or an object that is being kept, is ended first. */
const patienceMs = 600_000;

/** The same as Ctrl+C where the run is: SIGTERM to the process that holds its lock, and then waits until that is free. */
export async function stop(
  { named, options }: StopRequest,
  context: Pick<CommandContext, 'stdout' | 'folder'>,
): Promise<Outcome<number>> {
  const logFolder = resolve(context.folder, options.logFolder);
  const ids = named === undefined ? await listRunIds(logFolder) : succeed([named]);
  if (!ids.ok) return ids;
  for (const runId of ids.value) {
    const holder = await findHolder(runLockPath(logFolder, runId));
    if (holder === undefined) continue;
    if (holder.fate !== 'alive') return fail(elsewhere(runId, holder));
    return stopProcess({ logFolder, runId, pid: holder.pid }, context);
  }
  return fail(nothingUnderWay(logFolder, named));
}

async function stopProcess(
  { logFolder, runId, pid }: { readonly logFolder: string; readonly runId: string; readonly pid: number },
  context: Pick<CommandContext, 'stdout'>,
): Promise<Outcome<number>> {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') return fail(denied(runId, pid));
  }
  printLine(context, `Asked process ${pid} to stop run ${runId}; it ends what it has in hand first.`);
  const look = async () =>
    (await findHolder(runLockPath(logFolder, runId))) === undefined ? 'free' : undefined;
  const freed = await lookUntil({ look, everyMs: lookEveryMs, limitMs: patienceMs });
  if (freed === undefined) return fail(stillAtWork(runId, pid));
  const run = await openRun({ logFolder, runId });
  const isOver = run.ok && run.value.state.ended !== undefined;
  printLine(
    context,
    isOver
      ? `Run ${runId} had come to its end. Read it: thaw records show ${runId}`
      : `Run ${runId} is stopped. Go on with: thaw resume ${runId}`,
  );
  return succeed(exitStatus.verified);
}

function nothingUnderWay(logFolder: string, named: string | undefined): Failure {
  return {
    code: 'invalid-input',
    message: named === undefined ? `No run is under way in ${logFolder}.` : `Nobody works on run ${named}.`,
    remedy: 'Look at `thaw records list`, or name the log folder with --log-dir.',
    retry: 'never',
  };
}

function elsewhere(runId: string, { pid, host }: { readonly pid: number; readonly host: string }): Failure {
  return {
    code: 'conflict',
    message: `Run ${runId} is worked on by process ${pid} on host ${host}, which cannot be reached from here.`,
    remedy: `Stop it on ${host}.`,
    retry: 'after-fix',
  };
}

function denied(runId: string, pid: number): Failure {
  return {
    code: 'denied',
    message: `Cannot stop run ${runId}: process ${pid} belongs to another user.`,
    remedy: 'Stop it as the user who started it, or as root.',
    retry: 'after-fix',
  };
}

function stillAtWork(runId: string, pid: number): Failure {
  return {
    code: 'stalled',
    message: `Run ${runId} has not let go after ${patienceMs / 60_000} minutes: process ${pid} is still at work.`,
    remedy: `Look what it does (thaw resume ${runId} shows it). Killing it loses nothing: kill -9 ${pid}, then thaw resume ${runId}.`,
    retry: 'safe',
  };
}
