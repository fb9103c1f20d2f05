import type { JournalEntry } from '../journal/entry.ts';
import { foldJournal, type RunState } from '../journal/run-state.ts';
import { drawMarks, drawRto, readClock } from './draw-clock.ts';
import { drawDecisions } from './draw-decisions.ts';
import { drawDeviations } from './draw-deviations.ts';
import { drawPeople, drawWhy } from './draw-people.ts';
import { drawQuestions, waitedWithin } from './draw-questions.ts';
import { drawRecoveryPoint, drawRpo } from './draw-recovery-point.ts';
import { drawResult, judgeCriteria, lastChecks } from './draw-result.ts';
import { drawNextDue, drawSignOff } from './draw-sign-off.ts';
import { drawSteps } from './draw-steps.ts';
import { type DrillRecord, recordVersion } from './drill-record.ts';
import { entriesOfKind, isoTime } from './entries-of-kind.ts';
import { readActions, readFindings } from './read-notes.ts';
import { recorded } from './recorded.ts';

const kinds = { live: 'live', drill: 'functional', tabletop: 'discussion' } as const;
const titles = {
  live: 'Live restore',
  drill: 'Restore drill',
  tabletop: 'Tabletop exercise (nothing executed)',
} as const;

/** From the facts of a run to its record. The same journal always gives the same record. */
export function drawRecord(entries: readonly JournalEntry[], head: string): DrillRecord | undefined {
  const state = foldJournal(entries);
  const last = entries.at(-1);
  if (state === undefined || last === undefined) return undefined;
  const endedAtMs = state.ended?.atMs ?? Date.parse(last.at);
  const questions = [...drawQuestions(entries)];
  const outputs = lastOutputs(entries);
  const notes = entriesOfKind(entries, 'note-added').map(({ at, text }) => ({ at, text }));
  const steps = drawSteps({ entries, state, questions, outputs });
  const clock = readClock({ entries, state, steps });
  const measured = { rto: drawRto({ clock, state, questions }), rpo: drawRpo(state) };
  const recoveryPoint = drawRecoveryPoint(state);
  const cleanUp = [...state.cleanUp];
  return {
    ...identity(state),
    window: {
      startedAt: isoTime(state.start.atMs),
      endedAt: isoTime(endedAtMs),
      elapsedMs: endedAtMs - state.start.atMs,
      waitedForOperatorMs: waitedWithin(questions, { fromMs: state.start.atMs, toMs: endedAtMs }),
    },
    why: drawWhy(state.start.exercise),
    people: drawPeople(state.start.people),
    result: drawResult(state, steps),
    marks: drawMarks(clock, state),
    ...measured,
    criteria: judgeCriteria(state, { ...measured, steps, cleanUp, notes }),
    ...(recoveryPoint === undefined ? {} : { recoveryPoint }),
    lostAt: isoTime(state.start.lostAtMs),
    deviations: drawDeviations({ entries, state, questions, notes }),
    findings: readFindings(notes),
    actions: readActions(notes),
    openFromBefore: [...(state.start.history?.openActions ?? [])],
    decisions: drawDecisions(state, questions),
    preflight: [...state.preflight],
    steps,
    verification: drawVerification(steps),
    questions,
    notes,
    resumedAt: entriesOfKind(entries, 'run-resumed').map(({ at }) => at),
    cleanUp,
    outputs,
    screenshots: {
      notRecorded: 'a terminal program takes none; the output files and the journal stand for them',
    },
    signOff: drawSignOff(entries, { questions, people: state.start.people }),
    nextDue: drawNextDue(state),
    journal: drawJournal(entries, { head, state }),
  };
}

function identity(state: RunState) {
  const { runId, mode, thawVersion, exercise, runbook, host, targets } = state.start;
  return {
    recordVersion,
    runId,
    title: `${titles[mode]}: ${runbook.title}`,
    mode,
    exerciseKind: kinds[mode],
    thawVersion,
    classification: recorded(exercise?.classification, 'the runbook does not say: exercise.classification'),
    runbook,
    host,
    identitySource: `account ${host.user} of host ${host.name}${host.sshFrom === undefined ? ', at its console' : `, by SSH from ${host.sshFrom}`}; names of people as given on the command line, not verified unless signed`,
    clock: recorded<string>(
      undefined,
      'the time service is not asked; the preflight compares with the clock of the backup store where it shows one',
    ),
    targets,
  } as const;
}

/** Of the end, or of the last stop: whatever the chain vouches for last. */
function lastOutputs(entries: readonly JournalEntry[]): DrillRecord['outputs'] {
  const ends = entries.filter(
    (entry) =>
      entry.kind === 'run-finished' || entry.kind === 'run-stopped' || entry.kind === 'run-discarded',
  );
  return [...(ends.at(-1)?.outputs ?? [])];
}

function drawVerification(steps: DrillRecord['steps']): DrillRecord['verification'] {
  const inSentence = 'it stands in the sentence of the check';
  return lastChecks(steps).map(({ expected, actual, command, ...check }) => ({
    ...check,
    expected: recorded(expected, inSentence),
    actual: recorded(actual, inSentence),
    command: recorded(command, 'see the commands of the step'),
  }));
}

function drawJournal(
  entries: readonly JournalEntry[],
  { head, state }: { readonly head: string; readonly state: RunState },
): DrillRecord['journal'] {
  return {
    entries: entries.length,
    firstSeq: entries[0]?.seq ?? 0,
    lastSeq: entries.at(-1)?.seq ?? 0,
    head,
    anchor: recorded(
      state.start.anchor,
      'the runbook names no place outside this host (records.anchor); heads.jsonl of the log folder holds the head',
    ),
  };
}
