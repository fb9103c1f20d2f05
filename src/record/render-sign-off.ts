import type { JournalEntry } from '../journal/entry.ts';
import type { People } from '../journal/exercise.ts';
import type { RunState } from '../journal/run-state.ts';
import type { SigningRole } from '../journal/signing-roles.ts';
import type { DrillRecord, QuestionRecord } from './drill-record.ts';
import { entriesOfKind, isoTime } from './entries-of-kind.ts';
import { recorded } from './recorded.ts';
import { wordOf } from './word-of.ts';

/** The last signature of each role counts; it covers the journal up to the entry it names. */
export function renderSignOff(
  entries: readonly JournalEntry[],
  run: { readonly questions: readonly QuestionRecord[]; readonly people: People | undefined },
): DrillRecord['signOff'] {
  const { questions, people } = run;
  const words: Partial<Record<SigningRole, string | undefined>> = {
    commander: wordOf(people?.commander, { questions, id: 'declare-recovery' }),
    approver: wordOf(people?.resultApprover, { questions, id: 'approve-result' }),
  };
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
      `${words[role] === undefined ? '' : `${words[role]}; `}not signed yet: thaw records sign RUN --key FILE --as ${role}`,
    );
  };
  return {
    commander: by('commander'),
    operator: by('operator'),
    witness: by('witness'),
    approver: by('approver'),
  };
}

export function renderNextDue(state: RunState): DrillRecord['nextDue'] {
  const repeatMs = state.start.exercise?.repeatMs;
  return recorded(
    repeatMs === undefined ? undefined : isoTime(state.start.atMs + repeatMs).slice(0, 10),
    'the runbook does not say how often: exercise.every',
  );
}
