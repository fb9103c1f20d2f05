import { artifactKey } from '../../backups/artifact-keys.ts';
import { layersOf, unwrappedKey } from '../../backups/wrapping.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { CheckContext, StepOf } from '../../kinds/kind.ts';
import { findFiles } from '../../operations/find-files.ts';
import { backupStore, listAll } from '../../operations/open-targets.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { Layer } from '../../ports/unpacker.ts';
import type { restoreRolesKind } from './kind.ts';

type FoundGlobals = { readonly object: ObjectInfo; readonly layers: readonly Layer[] };

/** What `thaw backup` put beside the dump; else what other scripts wrote, by the layout of the runbook. */
export async function findGlobals(
  step: StepOf<typeof restoreRolesKind>,
  ...[snapshotKey, context]: [string, Pick<CheckContext<'host' | 'stores'>, 'world' | 'targets'>]
): Promise<Outcome<FoundGlobals>> {
  const beside = artifactKey(snapshotKey, 'globals');
  const listed = await listAll(backupStore(context), beside);
  if (!listed.ok) return listed;
  const own = listed.value.find(({ key }) => unwrappedKey(key) === beside);
  if (own !== undefined) return succeed({ object: own, layers: layersOf(own.key) });
  const found = await findFiles({ kind: 'archive', layout: step.layout }, snapshotKey, context);
  if (!found.ok) return found;
  if (found.value.kind === 'archive') return succeed(found.value);
  return fail({
    code: 'not-found',
    message: `There is no file of roles: ${step.layout} names a folder.`,
    remedy: 'Correct the layout of the roles in the runbook.',
    retry: 'after-fix',
  });
}
