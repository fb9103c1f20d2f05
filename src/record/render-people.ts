import type { JournalEntry } from '../journal/entry.ts';
import type { Exercise, People } from '../journal/exercise.ts';
import type { RunState } from '../journal/run-state.ts';
import type { SigningRole } from '../journal/signing-roles.ts';
import { entriesOfKind, isoTime } from './entries-of-kind.ts';
import type { DrillRecord, QuestionRecord } from './record-schema.ts';
import { recorded, recordedList } from './recorded.ts';

export function renderPeople(people: People | undefined): DrillRecord['people'] {
  const role = (name: string | undefined, option: string) =>
    recorded(name, `nobody was named: give --${option} NAME, or name the role in the runbook`);
  return {
    commander: role(people?.commander, 'commander'),
    operator: role(people?.operator, 'operator'),
    witness: role(people?.witness, 'witness'),
    planApprover: role(people?.planApprover, 'approver'),
    resultApprover: role(people?.resultApprover, 'result-approver'),
    observers: recordedList(people?.observers, 'none was named (--observer)'),
    absent: recordedList(people?.absent, 'nobody was named as absent by design (--absent)'),
    remarks: sameInTwoRoles(people),
  };
}

/** Two roles that should be two people. The record does not forbid it; it says so. */
function sameInTwoRoles(people: People | undefined): string[] {
  if (people === undefined) return [];
  const { planApprover, resultApprover, operator, witness, commander } = people;
  const remarks: string[] = [];
  const same = (a: string | undefined, b: string | undefined): a is string => a !== undefined && a === b;
  if (same(planApprover, resultApprover))
    remarks.push(`The plan and the result were approved by the same person: ${planApprover}.`);
  if (same(operator, witness)) remarks.push(`Operator and witness were the same person: ${operator}.`);
  if (same(operator, resultApprover)) remarks.push(`The operator approved their own result: ${operator}.`);
  if (same(commander, operator)) remarks.push(`Commander and operator were the same person: ${commander}.`);
  return remarks;
}

export function renderWhy(exercise: Exercise | undefined): DrillRecord['why'] {
  const because = (key: string) => `the runbook does not say: exercise.${key}`;
  return {
    objectives: recordedList(exercise?.objectives, because('objectives')),
    criteria: recordedList(
      exercise?.criteria.map(({ text }) => text),
      `${because('criteria')}; judged by RTO, RPO, result and clean-up alone`,
    ),
    scenario: recorded(exercise?.scenario, because('scenario')),
    threat: recorded(exercise?.threat, because('threat')),
    inScope: recordedList(exercise?.inScope, because('scope.in')),
    outOfScope: recordedList(exercise?.outOfScope, because('scope.out')),
    assumptions: recordedList(exercise?.assumptions, because('assumptions')),
    absences: recordedList(exercise?.absences, because('absences')),
  };
}

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

const givenBy: Readonly<Record<string, string>> = {
  operator: 'at the terminal',
  option: 'beforehand, by an option of the command line',
  rehearsal: 'by the rehearsal itself',
};

/**
 * What somebody said at the end of a run, and how it came to be written down. Nobody's word is made up: what nobody gave is said to
 * be missing. Only a signature proves whose it was. undefined where nobody was named.
 */
export function wordOf(
  name: string | undefined,
  asked: {
    readonly questions: readonly QuestionRecord[];
    readonly id: 'declare-recovery' | 'approve-result';
  },
): string | undefined {
  if (name === undefined) return undefined;
  const last = asked.questions.findLast(({ id }) => id === asked.id);
  if (last?.answer === undefined) return 'not attested: nobody answered';
  const by = last.by === undefined ? '' : (givenBy[last.by] ?? last.by);
  return `${last.answer}, in the name of ${name}, ${by}, ${last.answeredAt}`;
}
