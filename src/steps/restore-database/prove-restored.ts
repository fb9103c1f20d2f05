import { compareWithManifest, shorten } from '../../backups/compare-inventories.ts';
import { formatCount } from '../../base/units.ts';
import { against, type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import { manifestFact, restoredFact } from '../../kinds/facts.ts';
import type { StepContext } from '../../kinds/kind.ts';
import type { Inventory } from '../../ports/database-server.ts';
import { judgeEntries } from './entries-there.ts';
import { judgeCatalogue } from './judge-catalogue.ts';
import { judgeDatabaseItself, judgeRights } from './judge-rights.ts';

/** What was restored against what the archive holds and what the producer counted. */
export function proveRestored(context: StepContext): readonly Check[] {
  const restored = needFact(restoredFact, context);
  const manifest = readFact(manifestFact, context);
  const there = new Set(restored.inventory.tables.map((table) => `${table.schema}.${table.name}`));
  const lacking = restored.archiveTables.filter((table) => !there.has(table));
  const rows = restored.inventory.tables.reduce((sum, table) => sum + table.rows, 0);
  const checks: Check[] = [
    ...against('dump', [
      lacking.length === 0
        ? passed(
            `${restored.archiveTables.length} of ${restored.archiveTables.length} tables of the archive are there`,
          )
        : failed(
            `tables of the archive are missing: ${shorten(lacking)}`,
            'Read the output of pg_restore, then retry.',
          ),
      ...judgeAccepted(restored.acceptedMessages),
    ]),
    ...(restored.entries === undefined
      ? []
      : judgeEntries(restored.entries, { harmless: restored.harmlessMessages })),
  ];
  if (restored.searchPath !== undefined) {
    checks.push(
      passed(
        `functions of the dump that say no search path looked in ${restored.searchPath.join(', ')} while tables were filled, and are as they were dumped`,
      ),
    );
  }
  if (restored.writtenAfter !== undefined) {
    checks.push(
      couldNotVerify(
        `somebody wrote in ${restored.database} after it was counted (${formatCount(restored.writtenAfter)} rows); the counts are the same, but what stands there need not be the backup's`,
        'Find out who works in it; `thaw rollback` undoes the swap, and a new run restores it anew.',
      ),
    );
  }
  checks.push(...judgeRights(context), ...judgeDatabaseItself(context));
  if (holdsSchemaAlone(context)) return [...checks, noRows(restored)];
  checks.push(...judgeCatalogue(context));
  if (manifest !== undefined) return [...checks, ...compareWithManifest(manifest, restored.inventory)];
  return [
    ...checks,
    ...against('manifest', [
      couldNotVerify(
        `${formatCount(rows)} rows restored in ${there.size} tables; there is no manifest to compare them with`,
        'Take backups with `thaw backup`, which counts them; until then compare the counts with what you know of production.',
      ),
    ]),
  ];
}

/** Every other message of the program is harmless by its own words, or has ended the restore. */
function judgeAccepted(messages: readonly string[]): readonly Check[] {
  if (messages.length === 0) return [];
  const text = `messages accepted by the operator: ${shorten(messages)}`;
  return [couldNotVerify(text, 'Mend what they speak of.')];
}

export function holdsSchemaAlone({ targets }: Pick<StepContext, 'targets'>): boolean {
  return targets.backups.contents === 'schema';
}

/** An extension brings rows of its own; those are in no table of the dump. */
function noRows({
  inventory,
  archiveTables,
}: {
  readonly inventory: Inventory;
  readonly archiveTables: readonly string[];
}): Check {
  const filled = inventory.tables.filter(
    (table) => table.rows > 0 && archiveTables.includes(`${table.schema}.${table.name}`),
  );
  return filled.length === 0
    ? passed('not a row is in them: the dump holds the schema alone, as the runbook says')
    : failed(
        `rows are in ${shorten(filled.map(({ schema, name }) => `${schema}.${name}`))}, though the dump holds the schema alone`,
        'Find out what put them there.',
      );
}
