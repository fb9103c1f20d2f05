import { readFact } from '../kinds/fact.ts';
import { restoredFilesFact } from '../kinds/facts.ts';
import { type Step, type StepContext, stepId } from '../kinds/kind.ts';

/** Where a path comes from that a step of the walk brings back with a whole folder. */
type RestoredPlace = {
  readonly stepId: string;
  /** Where it lies now: in a drill below a folder of its own. undefined until the step has brought it. */
  readonly path: string | undefined;
};

/** @returns undefined where no step of the walk brings that path: then it is whatever stands there. */
export function restoredPlaceOf(
  path: string,
  context: Pick<StepContext, 'giving' | 'fact'>,
): RestoredPlace | undefined {
  const bringing = context.giving(restoredFilesFact).filter((step) => insideOf(step, path) !== undefined);
  // The last one is what stands there in the end.
  const step = bringing.at(-1);
  if (step === undefined) return undefined;
  const brought = readFact(restoredFilesFact(stepId(step)), context);
  const inside = insideOf(step, path) ?? '';
  return { stepId: stepId(step), path: brought === undefined ? undefined : `${brought.folder}/${inside}` };
}

/** The path from the folder that the step brings, where it is in it. */
function insideOf(step: Step, path: string): string | undefined {
  if (!('into' in step) || typeof step.into !== 'string' || step.into === '') return undefined;
  const folder = step.into.replace(/\/+$/, '');
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
}
