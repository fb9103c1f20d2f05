import type { JournalEntry, SigningRole } from '../journal/entry.ts';
import type { RunState } from '../journal/run-state.ts';
import type { DrillRecord } from './drill-record.ts';
import { entriesOfKind, isoTime } from './entries-of-kind.ts';
import { recorded } from './recorded.ts';

/** The last signature of each role counts; it covers the journal up to the entry it names. */
export function drawSignOff(entries: readonly JournalEntry[]): DrillRecord['signOff'] {
  const signed = entriesOfKind(entries, 'signed-off');
  const by = (role: SigningRole) => {
    const last = signed.findLast((entry) => entry.role === role);
    return recorded(
      last === undefined
        ? undefined
        : {
            name: last.signer,
            at: last.at,
            entries: last.entries,
            head: last.head,
            keyFingerprint: last.keyFingerprint,
            file: last.signature.name,
            sha256: last.signature.sha256,
          },
      `not signed yet: thaw records sign RUN --key FILE --as ${role}`,
    );
  };
  return {
    commander: by('commander'),
    operator: by('operator'),
    witness: by('witness'),
    approver: by('approver'),
  };
}

export function drawNextDue(state: RunState): DrillRecord['nextDue'] {
  const repeatMs = state.start.exercise?.repeatMs;
  return recorded(
    repeatMs === undefined ? undefined : isoTime(state.start.atMs + repeatMs).slice(0, 10),
    'the runbook does not say how often: exercise.every',
  );
}
