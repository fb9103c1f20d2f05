import type { Exercise, People } from '../journal/exercise.ts';
import type { DrillRecord } from './drill-record.ts';
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
