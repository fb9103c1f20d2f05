import { runMark } from '../../base/digest.ts';
import type { StepContext, StepOf } from '../../kinds/kind.ts';
import { stepId } from '../../kinds/kind.ts';
import { objectPrefix } from '../../operations/open-targets.ts';
import type { restoreFilesKind } from './kind.ts';

/** The folders of one restore-files step: of this run and no other, so that a look at them tells whose they are. */
export function filesPlaces(
  step: StepOf<typeof restoreFilesKind>,
  context: Pick<StepContext, 'mode' | 'runId' | 'workFile'>,
) {
  const target = step.into.replace(/\/+$/, '');
  const mark = runMark(context.runId);
  const inDrill =
    step.drillInto === undefined || step.drillInto === ''
      ? context.workFile(`files-${stepId(step)}`)
      : `${step.drillInto.replace(/\/+$/, '')}/${objectPrefix(context).replace(/\/+$/, '')}`;
  const place = step.swap === 'contents' ? `${target}/.thaw` : target;
  return {
    target,
    incoming: context.mode === 'drill' ? inDrill : `${place}.restore-${mark}`,
    kept: `${place}.before-${mark}`,
    /** What a person types. */
    name: target.slice(target.lastIndexOf('/') + 1),
  };
}
