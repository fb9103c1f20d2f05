import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findHolder } from '../adapters/disk/run-lock.ts';
import type { JobResults } from '../backups/job-health.ts';
import { type JobState, readJobState } from '../backups/job-state.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import type { RunState } from '../journal/run-state.ts';
import { replaceFile } from '../platform/durable-files.ts';
import { runLockPath } from './run-locks.ts';
import { listRunIds, openRun } from './run-log.ts';

/** More would say what the system was like long ago. */
const mostRuns = 20;

type Log = { readonly logFolder: string; readonly runbook: string };

type Result = {
  readonly id: string;
  readonly atMs: number;
  readonly verdict: 'passed' | 'failed' | 'could-not-verify';
};

/** What the last drills came to, finished or not, as their journals and the last `thaw drill` tell. */
export async function drillResults(log: Log): Promise<JobResults | undefined> {
  const found: Result[] = [];
  for (const { state } of await drillsOf(log)) {
    const { start, ended, discarded, rolledBack } = state;
    if (ended !== undefined)
      found.push({ id: start.runId, atMs: ended.atMs, verdict: worded(ended.verdict) });
    // Given up by a person, who knows of it.
    else if (discarded || rolledBack) continue;
    else if ((await findHolder(runLockPath(log.logFolder, start.runId))) === undefined)
      found.push({ id: start.runId, atMs: start.atMs, verdict: unfinished(state) });
  }
  const job = await readJob({ ...log, job: 'drill' });
  const newest = found[0];
  // One that did not get as far as a journal: a value was missing, another run held the target.
  if (job !== undefined && job.verdict !== 'passed' && Date.parse(job.at) > (newest?.atMs ?? 0) + ownEndMs)
    found.unshift({ id: job.at, atMs: Date.parse(job.at), verdict: job.verdict });
  return summarise(found, job?.lastPassedAt);
}

/** The same drill, told twice: the end of its run, and the end of its process a little later. */
const ownEndMs = 60_000;

export async function verificationResults(log: Log): Promise<JobResults | undefined> {
  const job = await readJob({ ...log, job: 'verify' });
  if (job === undefined) return undefined;
  return summarise([{ id: job.at, atMs: Date.parse(job.at), verdict: job.verdict }], job.lastPassedAt);
}

function summarise(results: readonly Result[], lastPassedAt: string | undefined): JobResults | undefined {
  const [newest] = results;
  if (newest === undefined && lastPassedAt === undefined) return undefined;
  const firstGood = results.findIndex(({ verdict }) => verdict === 'passed');
  const lastPassedMs = Math.max(
    results[firstGood]?.atMs ?? 0,
    lastPassedAt === undefined ? 0 : Date.parse(lastPassedAt),
  );
  return {
    newest,
    inARow: firstGood === -1 ? results.length : firstGood,
    lastPassedMs: lastPassedMs === 0 ? undefined : lastPassedMs,
  };
}

function worded(verdict: string): Result['verdict'] {
  return verdict === 'passed' || verdict === 'failed' ? verdict : 'could-not-verify';
}

function unfinished(state: RunState): Result['verdict'] {
  const failed =
    state.preflight.some(({ verdict }) => verdict === 'failed') ||
    [...state.steps.values()].some(({ kind }) => kind === 'failed');
  return failed ? 'failed' : 'could-not-verify';
}

/** Newest first. Of a log folder that cannot be looked into, the job hears when it writes its own result there. */
async function drillsOf({ logFolder, runbook }: Log) {
  const found: { readonly state: RunState }[] = [];
  const ids = await listRunIds(logFolder);
  for (const runId of ids.ok ? ids.value : []) {
    if (found.length >= mostRuns) break;
    if (!runId.includes(`Z-${runbook}-drill`)) continue;
    const run = await openRun({ logFolder, runId });
    if (!run.ok) continue;
    const { state } = run.value;
    if (state.start.runbook.name === runbook && state.start.mode === 'drill') found.push({ state });
  }
  return found;
}

/** The drill that began since: how it ended, and what went wrong in whole sentences. */
export async function describeDrill(log: Log & { readonly sinceMs: number }): Promise<readonly string[]> {
  const [newest] = await drillsOf(log);
  if (newest === undefined || newest.state.start.atMs < log.sinceMs) return [];
  const { state } = newest;
  const checks = [
    ...state.preflight,
    ...[...state.steps.values()].flatMap((step) => ('checks' in step ? step.checks : [])),
    ...state.kit,
    ...state.cleanUp,
  ].filter(({ verdict }) => verdict === 'failed' || verdict === 'could-not-verify');
  const failures = [...state.steps.values()].flatMap((step) =>
    step.kind === 'failed' ? [step.failure.message] : [],
  );
  return [
    ...failures,
    ...checks.map(({ verdict, text }) => `${verdict === 'failed' ? 'failed' : 'could not verify'}: ${text}`),
    ...(state.stopped === undefined ? [] : [state.stopped]),
    `It is run ${state.start.runId} in ${log.logFolder}: thaw records show ${state.start.runId}`,
  ];
}

type Place = { readonly logFolder: string; readonly runbook: string; readonly job: string };

function pathOf({ logFolder, runbook, job }: Place): string {
  return join(logFolder, '.jobs', `${runbook}.${job}.json`);
}

/** undefined where there is none that can be read: then people are told once more than they need. */
export async function readJob(place: Place): Promise<JobState | undefined> {
  return readJobState(await readFile(pathOf(place), 'utf8').catch(() => ''));
}

export async function writeJob(place: Place, state: JobState): Promise<Outcome<void>> {
  const path = pathOf(place);
  try {
    await mkdir(join(place.logFolder, '.jobs'), { recursive: true, mode: 0o700 });
    await replaceFile({ path, content: `${JSON.stringify(state, null, 2)}\n`, mode: 0o600 });
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${path}`, error }));
  }
}
