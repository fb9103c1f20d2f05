import type { JournalEntry } from '../journal/entry.ts';
import { foldJournal, type RunState } from '../journal/run-state.ts';
import { entriesOfKind, isoTime } from './entries-of-kind.ts';
import { readActions, readFindings } from './read-notes.ts';
import { type DrillRecord, recordVersion } from './record-schema.ts';
import { recorded } from './recorded.ts';
import { readClock, renderMarks, renderRto } from './render-clock.ts';
import { renderDeviations } from './render-deviations.ts';
import { renderNextDue, renderPeople, renderSignOff, renderWhy } from './render-people.ts';
import { renderDecisions, renderQuestions, waitedWithin } from './render-questions.ts';
import { renderRecoveryPoint, renderRpo } from './render-recovery-point.ts';
import { judgeCriteria, lastChecks, renderResult } from './render-result.ts';
import { renderSteps } from './render-steps.ts';

const kinds = { live: 'live', drill: 'functional', tabletop: 'discussion' } as const;
const titles = {
  live: 'Live restore',
  drill: 'Restore drill',
  tabletop: 'Tabletop exercise (nothing executed)',
} as const;

/** From the facts of a run to its record. The same journal always gives the same record. */
export function renderRecord(entries: readonly JournalEntry[], head: string): DrillRecord | undefined {
  const state = foldJournal(entries);
  const last = entries.at(-1);
  if (state === undefined || last === undefined) return undefined;
  const endedAtMs = state.ended?.atMs ?? Date.parse(last.at);
  const questions = [...renderQuestions(entries)];
  const outputs = lastOutputs(entries);
  const notes = entriesOfKind(entries, 'note-added').map(({ at, text }) => ({ at, text }));
  const steps = renderSteps({ entries, state, questions, outputs });
  const clock = readClock({ entries, state, steps });
  const measured = { rto: renderRto({ clock, state, questions }), rpo: renderRpo(state) };
  const recoveryPoint = renderRecoveryPoint(entries, state);
  const cleanUp = [...state.cleanUp];
  return {
    ...identity(state),
    window: {
      startedAt: isoTime(state.start.atMs),
      endedAt: isoTime(endedAtMs),
      elapsedMs: endedAtMs - state.start.atMs,
      waitedForOperatorMs: waitedWithin(questions, { fromMs: state.start.atMs, toMs: endedAtMs }),
    },
    why: renderWhy(state.start.exercise),
    people: renderPeople(state.start.people),
    result: renderResult(state, steps),
    marks: renderMarks(clock, state),
    ...measured,
    criteria: judgeCriteria(state, { ...measured, steps, cleanUp, notes }),
    ...(recoveryPoint === undefined ? {} : { recoveryPoint }),
    lostAt: isoTime(state.start.lostAtMs),
    deviations: renderDeviations({ entries, state, questions, notes }),
    findings: readFindings(notes),
    actions: readActions(notes),
    openFromBefore: [...(state.start.history?.openActions ?? [])],
    decisions: renderDecisions(state, questions),
    preflight: [...state.preflight],
    steps,
    verification: renderVerification(steps),
    questions,
    notes,
    resumed: entriesOfKind(entries, 'run-resumed').map(({ at, user, sshFrom }) => ({
      at,
      user,
      ...(sshFrom === undefined ? {} : { sshFrom }),
    })),
    ...(state.kit.length === 0 ? {} : { kit: [...state.kit] }),
    cleanUp,
    outputs,
    screenshots: {
      notRecorded: 'a terminal program takes none; the output files and the journal stand for them',
    },
    signOff: renderSignOff(entries, { questions, people: state.start.people }),
    nextDue: renderNextDue(state),
    journal: renderJournal(entries, { head, state }),
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
  const ends = entries.flatMap((entry) =>
    'outputs' in entry && entry.outputs !== undefined ? [entry.outputs] : [],
  );
  return [...(ends.at(-1) ?? [])];
}

function renderVerification(steps: DrillRecord['steps']): DrillRecord['verification'] {
  const inSentence = 'it stands in the sentence of the check';
  return lastChecks(steps).map(({ expected, actual, command, ...check }) => ({
    ...check,
    expected: recorded(expected, inSentence),
    actual: recorded(actual, inSentence),
    command: recorded(command, 'see the commands of the step'),
  }));
}

function renderJournal(
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
      'the runbook names no place outside this host (records.anchor); chain-heads.jsonl of the log folder holds the head',
    ),
  };
}
