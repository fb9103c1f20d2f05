import { sayCold } from '../backups/snapshot.ts';
import { isCold } from '../base/cold-storage.ts';
import { type Failure, type Outcome, succeed } from '../base/failure.ts';
import type { StepContext } from '../kinds/kind.ts';
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts';
import type { CopyReport } from './copy-objects.ts';
import { thawObjects } from './thaw-objects.ts';

/** What can be read at once is copied first; for the rest somebody decides whether to wait. What stays cold is among the failures. */
export async function copyThawing(
  of: {
    readonly store: ObjectStore;
    readonly objects: readonly ObjectInfo[];
    readonly copy: (objects: readonly ObjectInfo[]) => Promise<Outcome<CopyReport>>;
  },
  context: StepContext<'host'>,
): Promise<Outcome<CopyReport>> {
  const { store, objects, copy } = of;
  const cold = objects.filter(isCold);
  const copied = await copy(cold.length === 0 ? objects : objects.filter((object) => !isCold(object)));
  if (!copied.ok || cold.length === 0) return copied;
  const without = 'do without them: they are listed as not copied';
  const left = await thawObjects({ store, objects: cold, without }, context);
  if (!left.ok) return left;
  const stillCold = new Set(left.value.map(({ key }) => key));
  const thawed = await copy(cold.filter(({ key }) => !stillCold.has(key)));
  if (!thawed.ok) return thawed;
  const frozen = left.value.map((object) => ({ object, failure: notThawed(object, context.stepId) }));
  return succeed({
    failures: [...copied.value.failures, ...thawed.value.failures, ...frozen],
    proofs: [...copied.value.proofs, ...thawed.value.proofs],
  });
}

function notThawed(object: ObjectInfo, step: string): Failure {
  return {
    code: 'denied',
    message: `${object.key} is ${sayCold(object)}.`,
    remedy: `Retry and say how it is to be brought back (--answer ${step}.thaw=standard), or go on without it.`,
    retry: 'after-fix',
  };
}
