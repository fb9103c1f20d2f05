import { fail, type Outcome, succeed } from '../base/failure.ts';
import { readFact } from '../kinds/fact.ts';
import { cellFact, restoredFact } from '../kinds/facts.ts';
import type { StepContext } from '../kinds/kind.ts';
import type { ContentMark, Inventory } from '../ports/database-server.ts';
import { restoredServer } from './cell.ts';
import { targetServer } from './open-targets.ts';

/**
 * Whether the restored database is still the one that was counted: hours may lie between the count and the typed name, and it lies on a
 * server that others use. Where the server counts rows that changed it is counted again; where the catalogue is another one nothing is
 * asked any more. To be called while the role of the run is there, which looks at what was restored.
 *
 * @returns conflict where it changed; then it is restored anew by the next attempt.
 */
export async function stillAsCounted(
  context: StepContext<'host' | 'databases' | 'dumpTools' | 'clusters'>,
): Promise<Outcome<void>> {
  const restored = readFact(restoredFact, context);
  if (restored?.mark === undefined) return succeed(undefined);
  const { database, mark, inventory } = restored;
  const now = await targetServer(context).contentMark(database);
  if (!now.ok) return now;
  const isSame = now.value.catalogue === mark.catalogue;
  if (isSame && now.value.changes <= mark.changes) return succeed(undefined);
  const again = isSame ? await countAgain(restored, context) : succeed(undefined);
  if (!again.ok) return again;
  if (again.value !== undefined && rowsOf(again.value) === rowsOf(inventory)) {
    // Counts cannot tell what stands in these rows: whoever judges the restore is told of them.
    const writtenAfter = (restored.writtenAfter ?? 0) + now.value.changes - mark.changes;
    await context.record(restoredFact, { ...restored, mark: now.value, writtenAfter });
    return succeed(undefined);
  }
  await context.record(restoredFact, null);
  return fail({
    code: 'conflict',
    message: `${database} is not as it was counted: ${isSame ? 'rows' : 'its tables, functions or triggers'} were changed by somebody meanwhile. Nothing of production was touched.`,
    remedy: 'Find out who works in it, and retry: it is restored anew.',
    retry: 'after-fix',
  });
}

/**
 * What the server will be asked for again: once it has counted every row that was restored. Its count comes late, by the session that
 * wrote (pg_stat_*; up to half a second on a server before 15), and would be taken for somebody's writing.
 */
export async function settledMark(
  context: StepContext<'host' | 'databases'>,
  { database, rows }: { readonly database: string; readonly rows: number },
): Promise<Outcome<ContentMark>> {
  for (let looks = 1; ; looks += 1) {
    const mark = await targetServer(context).contentMark(database);
    if (!mark.ok || mark.value.changes >= rows || looks === mostLooks) return mark;
    await context.world.host.sleep(lookEveryMs, context.signal);
  }
}

const lookEveryMs = 100;
const mostLooks = 30;

async function countAgain(
  { database, countedIn }: { readonly database: string; readonly countedIn?: readonly string[] | undefined },
  context: StepContext<'host' | 'databases' | 'dumpTools' | 'clusters'>,
): Promise<Outcome<Inventory | undefined>> {
  context.output(`counting ${database} again: the server says that rows changed`);
  const opened = await restoredServer(context);
  if (!opened.ok) return opened;
  const asOwner = readFact(cellFact, context) !== undefined;
  return opened.value.inventory(database, { asOwner, searchPath: countedIn });
}

function rowsOf({ tables }: Inventory): string {
  return JSON.stringify(tables.map(({ schema, name, rows }) => [schema, name, rows]));
}
