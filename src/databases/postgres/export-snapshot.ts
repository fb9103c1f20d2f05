import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ExportedSnapshot } from '../../ports/database-server.ts';
import { readWhole } from './catalogue/read-catalogue.ts';
import { beginSnapshot, readInventory } from './inventory.ts';
import { postgresFailure } from './postgres-failure.ts';
import { readSearchPathNeeds } from './search-path-needs.ts';
import { openSession, type ServerContext } from './session.ts';

/**
 * One moment of the database under a name that pg_dump can join (pg_export_snapshot): what we count and what it dumps is then
 * the same to the last row, however busily others write. The transaction stays open until `close`.
 */
export async function exportSnapshot(
  context: ServerContext,
  database: string,
): Promise<Outcome<ExportedSnapshot>> {
  const doing = `export a snapshot of database ${database}`;
  const address = context.target.address;
  // No limit on a statement: counting takes as long as the tables are big.
  const opened = await openSession(context, { database, doing, limitMs: 0, application: 'thaw backup' });
  if (!opened.ok) return opened;
  const { session, end } = opened.value;
  const ask = <T>(what: string, work: () => Promise<Outcome<T>>) =>
    work().catch((error: unknown) => fail(postgresFailure(error, { doing: what, address })));
  try {
    await beginSnapshot(session);
    const [row] = await session.rows(
      'SELECT pg_export_snapshot() AS id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS taken_at',
    );
    return succeed({
      id: row?.id ?? '',
      takenAtMs: Number(row?.taken_at),
      inventory: (options) =>
        ask(`count the rows of database ${database}`, () => readInventory(session, { database, options })),
      searchPathNeeds: () =>
        ask(`try what a restore of database ${database} would compute`, async () =>
          succeed(await readSearchPathNeeds(session)),
        ),
      catalogue: () =>
        ask(`read the catalogue of database ${database}`, async () => {
          try {
            await session.rows('SAVEPOINT catalogue');
            return succeed(await readWhole(session, database));
          } catch (error) {
            // The snapshot may still be joined by pg_dump.
            await session.rows('ROLLBACK TO SAVEPOINT catalogue').catch(() => {});
            throw error;
          }
        }),
      close: end,
    });
  } catch (error) {
    await end();
    return fail(postgresFailure(error, { doing, address }));
  }
}
