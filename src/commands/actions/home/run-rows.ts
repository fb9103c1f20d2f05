import { findHolder } from '../../../adapters/disk/run-lock.ts';
import { runLockPath } from '../../../app/run-locks.ts';
import { type LoggedRun, openRun } from '../../../app/run-log.ts';
import { formatDuration, formatSpan, formatTime } from '../../../base/units.ts';
import { resultWord } from '../../../base/verdict.ts';
import { provenOf } from '../../../journal/run-proof.ts';
import { isUnfinished, type RunState } from '../../../journal/run-state.ts';
import type { HomeAction, HomeRow, Touch } from '../../../session/home-view.ts';

/** A run of the log folder as a row; a damaged one says so and can only be reported, never resumed. */
export async function runRow(request: {
  readonly logFolder: string;
  readonly runId: string;
  readonly host: string;
  readonly nowMs: number;
}): Promise<HomeRow> {
  const { logFolder, runId } = request;
  const run = await openRun({ logFolder, runId });
  if (!run.ok) return unreadableRow({ key: runId, group: 'record', title: runId }, run.failure);
  const { state } = run.value;
  const { mode, runbook } = state.start;
  const row = { key: runId, mode, title: runbook.name };
  if (!isUnfinished(state))
    return { ...row, when: formatTime(state.start.atMs).slice(0, 16), ...finishedWords(state) };
  const holder = await findHolder(runLockPath(logFolder, runId));
  return { ...row, ...unfinishedWords(run.value, { ...request, drivenBy: holder?.pid }) };
}

/** Something that can only be reported. */
export function unreadableRow(
  row: Pick<HomeRow, 'key' | 'group' | 'title'>,
  { message, remedy }: { readonly message: string; readonly remedy: string },
): HomeRow {
  return { ...row, words: message, verdict: 'failed', about: [...message.split('\n'), remedy], actions: [] };
}

function readAction(runId: string): HomeAction {
  return {
    choice: { kind: 'read', runId },
    label: 'look at what it did',
    touches: [{ how: 'touch', what: 'nothing: steps, output, answers and notes are there to read' }],
  };
}

function finishedWords(state: RunState): Pick<HomeRow, 'group' | 'words' | 'verdict' | 'about' | 'actions'> {
  const { start, ended } = state;
  const verdict = ended?.verdict ?? 'could-not-verify';
  const undone = state.rolledBack ? ', rolled back' : '';
  const end = ended === undefined ? 'not finished' : resultWord(verdict, provenOf(state));
  const time = ended === undefined ? '' : ` · ${formatDuration(ended.atMs - start.atMs)}`;
  return {
    group: 'record',
    words: `${end}${undone}${state.discarded ? ', discarded' : ''}${time}`,
    verdict,
    about: [],
    actions: [readAction(start.runId)],
  };
}

function unfinishedWords(
  run: LoggedRun,
  known: { readonly host: string; readonly nowMs: number; readonly drivenBy: number | undefined },
): Pick<HomeRow, 'group' | 'words' | 'about' | 'actions'> {
  const { state } = run;
  const { start } = state;
  const last = run.reading.entries.at(-1);
  const agoMs = known.nowMs - (last === undefined ? start.atMs : Date.parse(last.at));
  const place = whereStopped(state);
  const elsewhere = start.host.name !== known.host;
  const driven = known.drivenBy !== undefined;
  const words = driven
    ? `goes on now, process ${known.drivenBy}, ${place}`
    : `stopped ${formatSpan(agoMs)} ago, ${place}`;
  const why = state.stopped ?? 'Its process ended before the run did.';
  return {
    group: 'unfinished',
    words,
    about: [
      `Run ${start.runId}, begun ${formatTime(start.atMs)} on ${start.host.name}.`,
      driven
        ? `Process ${known.drivenBy} drives it right now; its questions are asked at its own terminal.`
        : why,
    ],
    actions: [
      {
        choice: { kind: 'resume', runId: start.runId },
        mode: start.mode,
        label: driven ? 'attach to it' : `go on ${place}`,
        touches: driven
          ? [{ how: 'touch', what: 'nothing, until you take it over' }]
          : [
              { how: touchOf(state), what: start.targets.database ?? 'what its runbook names' },
              { how: 'look', what: 'what was done before, and asks where nobody can know' },
            ],
        ...(elsewhere ? { disabledBecause: `it began on host ${start.host.name}` } : {}),
      },
      readAction(start.runId),
    ],
  };
}

function touchOf(state: RunState): Touch['how'] {
  return state.start.mode === 'live' ? 'replace' : state.start.mode === 'drill' ? 'use' : 'spare';
}

/** at step 5 of 9, Restore PostgreSQL */
function whereStopped(state: RunState): string {
  const { steps } = state.start;
  const open = steps.findIndex(({ id }) => {
    const kind = state.steps.get(id)?.kind;
    return kind !== 'finished' && kind !== 'skipped';
  });
  const step = steps[open];
  return step === undefined ? 'at its end' : `at step ${open + 1} of ${steps.length}, ${step.title}`;
}
