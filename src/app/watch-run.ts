import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findHolder } from '../adapters/disk/run-lock.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { formatTime } from '../base/units.ts';
import { systemClock } from '../plain/clock.ts';
import { printSession } from '../plain/print-session.ts';
import { createReadSession, type ReadSession } from '../session/read-session.ts';
import type { Options } from './arguments.ts';
import { chooseAttendance } from './choose-attendance.ts';
import { type CommandContext, printLine } from './command-context.ts';
import { readRunViews } from './read-run-views.ts';
import { runLockPath } from './run-locks.ts';
import type { LoggedRun } from './run-log.ts';
import { screenOptions, screenStreams } from './screen-options.ts';

/** How often the journal of the other process is read again. */
const lookMs = 500;

type WatchRequest = { readonly logFolder: string; readonly runId: string; readonly options: Options };

/** free: nobody drives the run, so this process may. left: the operator went away and the other process goes on. */
export type Watched = 'free' | 'left';

/**
 * Attaches to a run that another process of this host drives: shows it as it goes on, and returns when that process has
 * let go of it, at its end, at a stop, or because it was asked to. Questions can only be answered where they are asked; `t`
 * asks that process to stop at its next safe point, so that this one can go on and ask them here.
 *
 * Where nobody is there to look, it returns at once: then the lock says why the run cannot be resumed.
 */
export async function watchRun(request: WatchRequest, context: CommandContext): Promise<Outcome<Watched>> {
  const lock = runLockPath(request.logFolder, request.runId);
  const holder = await findHolder(lock);
  const attendance = chooseAttendance(request.options, context);
  if (holder?.fate !== 'alive' || attendance === 'unattended') return succeed('free');
  const read = await readRunViews(request);
  if (!read.ok) return read;
  const { pid } = holder;
  const session = createReadSession({
    path: read.value.run.folder.path,
    found: read.value.views,
    recordPath: undefined,
    drivenBy: `process ${pid}`,
    now: Date.now,
    onStop: () => askToStop(pid),
  });
  await context.splash?.lift();
  const leaving = new AbortController();
  const free = follow({ ...request, lock, session, signal: leaving.signal });
  try {
    if (attendance === 'screen') return succeed(await onScreen({ ...request, session, free }, context));
    printLine(
      context,
      `Process ${pid} drives run ${request.runId} since ${formatTime(Date.parse(holder.since))}. ` +
        `Its questions are asked there. To go on here: kill -TERM ${pid}`,
    );
    const printing = printSession({
      session,
      write: (text) => context.stdout.write(text),
      format: 'plain',
      clock: systemClock,
    });
    await free;
    printing.stop();
    return succeed('free');
  } finally {
    leaving.abort();
  }
}

/** What stays in the scrollback of whoever watched a run to its end. */
export function tellEnd({ folder, reading }: LoggedRun): readonly string[] {
  const session = createReadSession({
    path: folder.path,
    found: { entries: reading.entries, headHash: reading.head.hash, outputs: new Map() },
    recordPath: join(folder.path, 'record.md'),
    now: Date.now,
  });
  return session.view().summary;
}

async function onScreen(
  request: WatchRequest & { readonly session: ReadSession; readonly free: Promise<void> },
  context: CommandContext,
): Promise<Watched> {
  const { openScreen } = await import('../ui/open-screen.tsx');
  let isFree = false;
  await openScreen({
    session: request.session,
    streams: screenStreams(context),
    options: screenOptions(request.options, context),
    until: request.free.then(() => {
      isFree = true;
    }),
  });
  return isFree ? 'free' : 'left';
}

/** Ends when nobody holds the lock any more. Never ends after the signal: then nobody waits for it. */
async function follow(
  request: WatchRequest & {
    readonly lock: string;
    readonly session: ReadSession;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  for (;;) {
    await sleep(lookMs);
    if (request.signal.aborted) return new Promise(() => undefined);
    if ((await findHolder(request.lock)) === undefined) return;
    const read = await readRunViews(request);
    // A line that is being written right now is whole at the next look.
    if (read.ok) request.session.update(read.value.views);
  }
}

/** The other process stops at its next safe point, as after Ctrl+C; it may just have ended by itself. */
function askToStop(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // Gone: the lock is free, and the next look sees it.
  }
}
