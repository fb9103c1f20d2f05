import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { type Check, failed, notVerified } from '../../base/verdict.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import { type DatabaseSwap, swappedFact, swappingFact } from '../../kinds/facts.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { lookBeforeSwap } from '../../operations/before-swap.ts';
import { giveAway } from '../../operations/cell.ts';
import { compareInPlace } from '../../operations/compare-catalogue.ts';
import { putDatabaseSettings } from '../../operations/database-settings.ts';
import { targetDatabase, targetServer } from '../../operations/open-targets.ts';
import { stillAsCounted } from '../../operations/still-as-counted.ts';
import { judgeCatalogue } from './judge-catalogue.ts';
import { giveBack, lookAtSwap, swapDatabases, undoSwap } from './swap-databases.ts';

/**
 * Where only doors are closed they are opened again. With the old database aside, the one beside it is the only one that can take
 * its place, so nothing is dropped then.
 */
export async function undoUnfinishedSwap(context: StepContext<'databases'>): Promise<Check | undefined> {
  const swap = readFact(swappingFact, context);
  if (swap === undefined || readFact(swappedFact, context) !== undefined) return undefined;
  const server = targetServer(context);
  const found = await lookAtSwap(server, swap);
  if (!found.ok) return failed(found.failure.message, found.failure.remedy);
  const { stage, failure, other } = found.value;
  // Another database has the name meanwhile: what this run made beside it is not needed by anybody.
  if (other !== undefined && found.value.target !== undefined) return undefined;
  if (failure !== undefined) return failed(failure.message, failure.remedy);
  if (stage === 'half' || stage === 'done') {
    return failed(
      `the swap of ${swap.target} was begun and has not ended`,
      'Put the old database back with `thaw rollback`, or end the swap with `thaw resume`.',
    );
  }
  const undone = await undoSwap(server, { ...swap, guard: context.guard });
  if (!undone.ok) return failed(undone.failure.message, undone.failure.remedy);
  return undefined;
}

/** The name was typed: the restored database goes into place, whatever an earlier attempt left. */
export async function swapInPlace(
  context: StepContext<'host' | 'databases' | 'services' | 'dumpTools' | 'clusters'>,
) {
  const names = needFact(swappingFact, context);
  const server = targetServer(context);
  const before = await lookAtSwap(server, names);
  if (!before.ok) return before;
  // Hours may have passed since the preflight: the swap is the act that no other run may be in the way of.
  const lease = await server.lease(names.target);
  if (!lease.ok) return lease;
  const { stage } = before.value;
  // With the old database aside already there is nothing left to look at before.
  const isBegun = stage === 'half' || stage === 'done';
  const look = () => (isBegun ? succeed(undefined) : lookBeforeSwap(context));
  // Whoever is in the way is found while the role of the run is there: what was restored is still looked at as nobody else.
  const free = await look();
  // Behind a closed door nobody can have changed it since it was looked at.
  const isOpen = before.value.incoming?.allowsConnections === true;
  const counted = free.ok && !isBegun && isOpen ? await stillAsCounted(context) : free;
  // From inside the incoming database, so before the door of that is closed.
  const given = counted.ok ? await giveAway(context, [names.target, names.kept]) : counted;
  const isFirst = !names.hadTarget && !isBegun;
  const settled = given.ok ? await (isFirst ? putDatabaseSettings(context) : succeed(undefined)) : given;
  const same = settled.ok && !isBegun ? await sameCatalogue(context) : settled;
  const looked = same.ok ? await look() : same;
  const swapped = looked.ok
    ? await swapNow(context, { ...names, comment: settled.ok ? settled.value : undefined })
    : await giveBack(server, { swap: { ...names, guard: context.guard }, failure: looked.failure });
  if (!swapped.ok) {
    // Where nothing was renamed and no door is closed the swap has not begun, and another snapshot may still be chosen.
    const left = await lookAtSwap(server, names);
    if (left.ok && left.value.stage === 'not-begun') await context.record(swappingFact, null);
    return swapped;
  }
  await context.record(swappedFact, names);
  context.output(`${targetDatabase(context)} is now the restored database`);
  return succeed({ kind: 'done' as const });
}

/** What was tried before the question is done now: it is looked at once more before anything has its name. */
async function sameCatalogue(context: StepContext<'databases'>): Promise<Outcome<void>> {
  const compared = await compareInPlace(context);
  if (!compared.ok) return compared;
  const bad = judgeCatalogue(context).filter((check) => check.verdict === 'failed');
  return bad.length === 0 ? succeed(undefined) : fail(notVerified(bad));
}

async function swapNow(
  context: StepContext<'databases'>,
  { comment, ...names }: DatabaseSwap & { readonly comment: string | undefined },
): Promise<Outcome<void>> {
  if (names.hadTarget) await context.recordCommand(`ALTER DATABASE ${names.target} RENAME TO ${names.kept}`);
  await context.recordCommand(`ALTER DATABASE ${names.incoming} RENAME TO ${names.target}`);
  return swapDatabases(targetServer(context), {
    ...names,
    guard: context.guard,
    carry: { comment },
  });
}
