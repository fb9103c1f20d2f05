import type { EntryOf, JournalEntry } from '../journal/entry.ts';
import { foldJournal, type RunState } from '../journal/run-state.ts';
import { drawSteps } from './draw-steps.ts';
import { type DrillRecord, type QuestionRecord, recordVersion } from './drill-record.ts';

/** From the facts of a run to its record. The same journal always gives the same record. */
export function drawRecord(entries: readonly JournalEntry[], head: string): DrillRecord | undefined {
  const state = foldJournal(entries);
  const last = entries.at(-1);
  if (state === undefined || last === undefined) return undefined;
  const { start } = state;
  const endedAtMs = state.ended?.atMs ?? Date.parse(last.at);
  const questions = drawQuestions(entries);
  return {
    recordVersion,
    runId: start.runId,
    mode: start.mode,
    thawVersion: start.thawVersion,
    runbook: start.runbook,
    host: start.host,
    targets: start.targets,
    window: {
      startedAt: iso(start.atMs),
      endedAt: iso(endedAtMs),
      elapsedMs: endedAtMs - start.atMs,
      waitedForOperatorMs: waited(questions),
    },
    result: {
      state: state.ended !== undefined ? 'finished' : state.stopped !== undefined ? 'stopped' : 'open',
      verdict: state.ended?.verdict ?? 'could-not-verify',
      rolledBack: state.rolledBack,
      ...(state.stopped === undefined ? {} : { reason: state.stopped }),
    },
    ...objectives(state, endedAtMs),
    lostAt: iso(start.lostAtMs),
    preflight: state.preflight,
    steps: drawSteps(entries, state),
    questions,
    notes: ofKind(entries, 'note-added').map(({ at, text }) => ({ at, text })),
    resumedAt: ofKind(entries, 'run-resumed').map(({ at }) => at),
    cleanUp: state.cleanUp,
    outputs: ofKind(entries, 'run-finished').at(-1)?.outputs ?? [],
    journal: { entries: entries.length, head },
  };
}

export function ofKind<K extends JournalEntry['kind']>(entries: readonly JournalEntry[], kind: K) {
  return entries.filter(
    (entry): entry is EntryOf<K> & { readonly seq: number; readonly at: string } => entry.kind === kind,
  );
}

function objectives(state: RunState, endedAtMs: number): Pick<DrillRecord, 'rto' | 'rpo' | 'recoveryPoint'> {
  const { start } = state;
  const snapshot = state.facts.get('snapshot') as
    | { id: string; key: string; takenAtMs: number; sizeBytes: number; header: string }
    | undefined;
  const measured = start.mode !== 'tabletop';
  const rtoMs = measured && state.ended !== undefined ? endedAtMs - start.atMs : undefined;
  const rpoMs =
    measured && snapshot !== undefined ? Math.max(0, start.lostAtMs - snapshot.takenAtMs) : undefined;
  return {
    rto: measure(start.objectives.rtoMs, rtoMs),
    rpo: measure(start.objectives.rpoMs, rpoMs),
    ...(snapshot === undefined
      ? {}
      : {
          recoveryPoint: {
            snapshot: snapshot.id,
            key: snapshot.key,
            takenAt: iso(snapshot.takenAtMs),
            sizeBytes: snapshot.sizeBytes,
            opened: snapshot.header,
          },
        }),
  };
}

function measure(targetMs: number, actualMs: number | undefined) {
  return actualMs === undefined ? { targetMs } : { targetMs, actualMs, met: actualMs <= targetMs };
}

function drawQuestions(entries: readonly JournalEntry[]): readonly QuestionRecord[] {
  const questions: QuestionRecord[] = [];
  for (const entry of entries) {
    if (entry.kind === 'question-asked') {
      questions.push({ id: entry.questionId, title: entry.title, askedAt: entry.at });
    } else if (entry.kind === 'question-answered') {
      const index = questions.findLastIndex(
        (one) => one.id === entry.questionId && one.answeredAt === undefined,
      );
      const asked = questions[index];
      if (asked === undefined) continue;
      const { at, value, note, by } = entry;
      questions[index] = {
        ...asked,
        answeredAt: at,
        answer: value,
        by,
        ...(note === undefined ? {} : { note }),
      };
    }
  }
  return questions;
}

function waited(questions: readonly QuestionRecord[]): number {
  return questions.reduce(
    (sum, one) =>
      sum + (one.answeredAt === undefined ? 0 : Date.parse(one.answeredAt) - Date.parse(one.askedAt)),
    0,
  );
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
