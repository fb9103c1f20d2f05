import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatCount } from '../../base/units.ts';
import { pruneSnapshots } from '../../producer/prune-snapshots.ts';
import type { Options } from '../arguments.ts';
import { exitStatus } from '../exit-status.ts';
import type { Surroundings } from '../surroundings.ts';
import { withRunbook } from '../with-runbook.ts';

/** Retention. Ends with 1 when the store keeps what should go: that costs money and breaks promises of deletion. */
export function prune(
  request: { readonly name: string; readonly options: Options },
  surroundings: Surroundings,
): Promise<Outcome<number>> {
  const { dryRun } = request.options;
  return withRunbook(
    {
      command: 'prune',
      ...request,
      needs: ({ backups: { store, dumps }, retention }) => [store, dumps, retention],
      work: async ({ ready, world, signal, say, tell }) => {
        const rules = ready.filled.retention;
        if (rules === undefined) return fail(noRetention(ready.path));
        const { targets } = ready;
        const pruned = await pruneSnapshots({ world, targets, rules, dryRun, onLine: say, signal });
        if (!pruned.ok) return pruned;
        const { keep, remove, removed, hidden, refused } = pruned.value;
        for (const { snapshot, because } of keep) {
          if (dryRun) say(`keep    ${snapshot.id}: ${because}`);
          tell({ type: 'keep', id: snapshot.id, key: snapshot.key, because });
        }
        for (const snapshot of remove) {
          if (dryRun) say(`remove  ${snapshot.id}`);
          tell({ type: dryRun ? 'would-remove' : 'remove', id: snapshot.id, key: snapshot.key });
        }
        for (const { snapshot, failure } of refused) {
          say(`→ ${failure.remedy}`);
          tell({ type: 'refused', id: snapshot.id, key: snapshot.key, failure });
        }
        if (hidden.length > 0) {
          say(
            `${formatCount(hidden.length)} are only hidden: the store keeps versions. A lifecycle rule must expire them.`,
          );
        }
        const what = dryRun
          ? `${formatCount(remove.length)} would be removed`
          : `${formatCount(removed.length)} removed`;
        const stay = refused.length === 0 ? '' : `, ${formatCount(refused.length)} could not be removed`;
        say(`${formatCount(keep.length)} snapshots kept, ${what}${stay}.`);
        return succeed(refused.length === 0 ? exitStatus.verified : exitStatus.notVerified);
      },
    },
    surroundings,
  );
}

function noRetention(path: string) {
  return {
    code: 'runbook-invalid',
    message: `Runbook ${path} does not say what to keep.`,
    remedy: 'Declare a retention section: hourly, daily, weekly, monthly, yearly, floor.',
    retry: 'after-fix',
  } as const;
}
