import { stepId } from '../kinds/kind.ts';
import type { Runbook } from './schema.ts';

/** Injects and criteria speak of steps; a step that is not there would never be asked about. */
export function lintExercise({ steps, exercise, tabletop }: Runbook): readonly string[] {
  const known = new Set(steps.map(stepId));
  const wanted = [
    ...(tabletop?.injects ?? []).map(({ before }) => ({ step: before, where: 'tabletop.injects' })),
    ...(exercise?.criteria ?? []).flatMap((criterion) =>
      typeof criterion === 'string' || criterion.step === undefined
        ? []
        : [{ step: criterion.step, where: 'exercise.criteria' }],
    ),
  ];
  return wanted
    .filter(({ step }) => !known.has(step))
    .map(({ step, where }) => `${where} speaks of step ${step}, which is not in this runbook.`);
}
