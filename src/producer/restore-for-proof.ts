import type { Check } from '../base/verdict.ts';
import type { AnyStepContext } from '../kinds/kind.ts';
import { blocker } from '../operations/open-targets.ts';
import { restoreDatabaseKind } from '../steps/restore-database/kind.ts';
import { proveRestored } from '../steps/restore-database/prove-restored.ts';
import { restoreDatabase } from '../steps/restore-database/restore-database.ts';

/** Into a database of its own on the drill's server, every count against the manifest, and away with it. */
export async function restoreForProof(context: AnyStepContext): Promise<readonly Check[]> {
  const step = restoreDatabaseKind.schema.parse({ kind: 'restore-database' });
  // The drill's server must be shown not to be production before anything is made on it.
  const blocked = await restoreDatabase.check(step, { ...context, wantedSnapshot: undefined });
  const bad = blocked.filter((check) => check.verdict === 'failed');
  if (bad.length > 0) return bad;
  try {
    const restored = await restoreDatabase.run(step, context);
    return restored.ok ? proveRestored(context) : [blocker(restored.failure)];
  } finally {
    const left = (await restoreDatabase.cleanUp?.(step, context)) ?? [];
    for (const check of left) context.output(check.text);
  }
}
