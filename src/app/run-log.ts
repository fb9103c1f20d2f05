import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openRunFolder } from '../adapters/disk/disk-run-folder.ts';
import type { Lock } from '../adapters/disk/run-lock.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import type { Mode } from '../base/mode.ts';
import { errorCode } from '../base/thrown.ts';
import { type JournalReading, readJournal } from '../journal/read-journal.ts';
import { foldJournal, type RunState } from '../journal/run-state.ts';
import { upgradeEntries } from '../kinds/fact.ts';
import type { RunFolder } from '../ports/run-folder.ts';
import { knownFacts } from '../registry/kinds.ts';

/** The log folder: one folder a run, named by time, runbook and mode. */

export type LoggedRun = {
  readonly folder: RunFolder;
  readonly reading: JournalReading;
  readonly state: RunState;
  /** A fact of another version that this thaw cannot read: the run can be looked at, and nobody goes on with it. */
  readonly unreadable?: Failure;
};

/** 2026-04-28T1448Z-harbour-crm-live; a second run in the same minute gets a number. */
export async function newRunId(request: {
  readonly logFolder: string;
  readonly nowMs: number;
  readonly name: string;
  readonly mode: Mode;
}): Promise<Outcome<string>> {
  const time = new Date(request.nowMs).toISOString().slice(0, 16).replace(':', '');
  const base = `${time}Z-${request.name}-${request.mode}`;
  const ids = await listRunIds(request.logFolder);
  if (!ids.ok) return ids;
  const taken = new Set(ids.value);
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(id)) return succeed(id);
  }
}

/** Newest first; none where there is no such folder. One that this user may not look into is a failure: it may be full of runs. */
export async function listRunIds(logFolder: string): Promise<Outcome<readonly string[]>> {
  try {
    const entries = await readdir(logFolder, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    return succeed(
      folders
        .filter((name) => /^\d{4}-\d{2}-\d{2}T\d{4}Z-/.test(name))
        .toSorted()
        .reverse(),
    );
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return succeed([]);
    return fail(describeFileFailure({ doing: `look into the log folder ${logFolder}`, error }));
  }
}

/** For looking at it; whoever goes on with the run opens its work folder too, with `openRunToWork`. */
export function openRun(request: {
  readonly logFolder: string;
  readonly runId: string;
}): Promise<Outcome<LoggedRun>> {
  return readRun({ path: resolve(request.logFolder, request.runId) });
}

/** Call it under the run's lock: only then is it certain that nobody else is writing. */
export async function openRunToWork(request: {
  readonly logFolder: string;
  readonly runId: string;
  readonly stillOurs: Lock['stillOurs'];
}): Promise<Outcome<LoggedRun>> {
  const run = forWork(await openRun(request));
  if (!run.ok) return run;
  const { workPath } = run.value.state.start;
  return readRun({ path: run.value.folder.path, workPath, stillOurs: request.stillOurs });
}

async function readRun(place: Parameters<typeof openRunFolder>[0]): Promise<Outcome<LoggedRun>> {
  const folder = await openRunFolder(place);
  if (!folder.ok) return folder;
  const bytes = await folder.value.readJournal();
  if (!bytes.ok) return bytes;
  const reading = readJournal(bytes.value);
  if (!reading.ok) return reading;
  const { entries, unreadable } = upgradeEntries(knownFacts, reading.value.entries);
  const state = foldJournal(entries);
  if (state === undefined) {
    return fail({
      code: 'not-found',
      message: `${folder.value.id} has no journal: it ended before its first fact was written.`,
      remedy: 'Start a new run.',
      retry: 'never',
    });
  }
  return succeed({
    folder: folder.value,
    reading: { ...reading.value, entries },
    state,
    ...(unreadable === undefined ? {} : { unreadable }),
  });
}

/** What cannot be read cannot be undone, taken away or gone on with either. */
function forWork(run: Outcome<LoggedRun>): Outcome<LoggedRun> {
  return run.ok && run.value.unreadable !== undefined ? fail(run.value.unreadable) : run;
}

/** For whoever means to go on with it, to undo it, or to give it up. */
export async function findRunToWork(request: Parameters<typeof findRun>[0]): Promise<Outcome<LoggedRun>> {
  return forWork(await findRun(request));
}

/**
 * The run somebody named, or the newest one that fits. One that is damaged or cannot be read, on the way to it, stops the search: it may
 * be the very run that is meant, and an older one must not be taken in its place.
 */
export async function findRun(request: {
  readonly logFolder: string;
  readonly named: string | undefined;
  readonly fits: (state: RunState) => boolean;
  readonly what: string;
}): Promise<Outcome<LoggedRun>> {
  const { logFolder, named } = request;
  const ids = await listRunIds(logFolder);
  if (!ids.ok) return ids;
  if (named !== undefined) {
    if (ids.value.includes(named)) return openRun({ logFolder, runId: named });
    return missing(`There is no run ${named} in ${logFolder}.`);
  }
  for (const runId of ids.value) {
    const run = await openRun({ logFolder, runId });
    // One that died before its first fact never began.
    if (!run.ok && run.failure.code !== 'not-found') return namingRun(run.failure, runId);
    if (run.ok && request.fits(run.value.state)) return run;
  }
  return missing(`There is no ${request.what} in ${logFolder}.`);
}

function namingRun(failure: Failure, runId: string) {
  return fail({ ...failure, message: `Run ${runId}: ${failure.message}` });
}

function missing(message: string) {
  return fail({
    code: 'invalid-input',
    message,
    remedy: 'Look at `thaw records list`, or name the log folder with --log-dir.',
    retry: 'after-fix',
  });
}
