import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { findHolder } from '../adapters/disk/run-lock.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import type { HostClock } from '../base/host-clock.ts';
import { formatTime } from '../base/units.ts';
import { anchorOf } from '../engine/journal-writer.ts';
import { systemClock } from '../plain/clock.ts';
import { printSession } from '../plain/print-session.ts';
import { pause } from '../platform/pause.ts';
import { createSteadyClock } from '../platform/steady-clock.ts';
import { createReadSession, type ReadSession, type RunOnDisk } from '../session/read-session.ts';
import type { OutputLine } from '../session/view.ts';
import { printLine } from './command-context.ts';
import { runLockPath } from './run-locks.ts';
import { type LoggedRun, openRun } from './run-log.ts';
import {
  chooseAttendance,
  screenOptions,
  screenStreams,
  type TerminalContext,
  type TerminalOptions,
} from './terminal.ts';

/** How often the journal of the other process is read again. */
const lookMs = 500;

type WatchRequest = { readonly logFolder: string; readonly runId: string; readonly options: TerminalOptions };

/** free: nobody drives the run, so this process may. left: the operator went away and the other process goes on. */
export type Watched = 'free' | 'left';

/**
 * Attaches to a run that another process of this host drives: shows it as it goes on, and returns when that process has
 * let go of it, at its end, at a stop, or because it was asked to. Questions can only be answered where they are asked; `t`
 * asks that process to stop at its next safe point, so that this one can go on and ask them here.
 *
 * Where nobody is there to look, it returns at once: then the lock says why the run cannot be resumed.
 */
export async function watchRun(request: WatchRequest, context: TerminalContext): Promise<Outcome<Watched>> {
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
    now: clockOf(read.value.views).now,
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

/** It counts as the process does that drives the run. */
function clockOf({ entries }: RunOnDisk): HostClock {
  const clock = createSteadyClock();
  clock.goOn({ anchor: anchorOf(entries), lastMs: Date.parse(entries.at(-1)?.at ?? '') });
  return clock;
}

/** What stays in the scrollback of whoever watched a run to its end. */
export function tellEnd({ folder, reading }: LoggedRun): readonly string[] {
  const session = createReadSession({
    path: folder.path,
    found: { entries: reading.entries, headHash: reading.head.hash, outputs: new Map() },
    recordPath: join(folder.path, 'record.md'),
    now: createSteadyClock().now,
  });
  return session.view().summary;
}

async function onScreen(
  request: WatchRequest & { readonly session: ReadSession; readonly free: Promise<void> },
  context: TerminalContext,
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
    if (!(await pause(lookMs, request.signal))) return new Promise(() => undefined);
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

/** The end of an output file: enough for the last 2,000 lines of what programs usually print. */
const tailBytes = 400_000;

/** A run as its folder tells it, the last lines of its output files included. Nothing is written. */
export async function readRunViews(request: {
  readonly logFolder: string;
  readonly runId: string;
}): Promise<Outcome<{ readonly run: LoggedRun; readonly views: RunOnDisk }>> {
  const run = await openRun(request);
  if (!run.ok) return run;
  const { folder, reading, state } = run.value;
  const outputs = await Promise.all(
    state.start.steps.map(
      async ({ id }) => [id, await readTail(join(folder.path, 'output', `${id}.log`))] as const,
    ),
  );
  const { entries, head } = reading;
  return succeed({ run: run.value, views: { entries, headHash: head.hash, outputs: new Map(outputs) } });
}

/** A file that is not there, or cannot be read, has no lines to show. */
async function readTail(path: string): Promise<readonly OutputLine[]> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - from);
    await file.read(buffer, 0, buffer.length, from);
    const lines = buffer.toString('utf8').split('\n');
    // The first line may have lost its beginning.
    return lines.slice(from > 0 ? 1 : 0).flatMap(readLine);
  } finally {
    await file.close();
  }
}

/** 2026-04-28T14:48:07.120Z what was printed */
function readLine(line: string): readonly OutputLine[] {
  const space = line.indexOf(' ');
  const atMs = Date.parse(line.slice(0, space));
  return Number.isNaN(atMs) ? [] : [{ atMs, text: line.slice(space + 1) }];
}

/** A past run on the screen of the walk, to look around in. Reads only. */
export async function openRecord(
  request: { readonly logFolder: string; readonly runId: string; readonly options: TerminalOptions },
  context: TerminalContext,
): Promise<Outcome<void>> {
  const read = await readRunViews(request);
  if (!read.ok) return read;
  const { path } = read.value.run.folder;
  const recordPath = join(path, 'record.md');
  const session = createReadSession({
    path,
    found: read.value.views,
    recordPath: existsSync(recordPath) ? recordPath : undefined,
    now: createSteadyClock().now,
  });
  const { openScreen } = await import('../ui/open-screen.tsx');
  await openScreen({
    session,
    streams: screenStreams(context),
    options: screenOptions(request.options, context),
  });
  return succeed(undefined);
}
