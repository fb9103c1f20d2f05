import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ExportedSnapshot } from '../../ports/database-server.ts';
import { readWhole } from './catalogue/read-catalogue.ts';
import { beginSnapshot, readInventory } from './inventory.ts';
import { postgresFailure } from './postgres-failure.ts';
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
  try {
    await beginSnapshot(session);
    const [row] = await session.rows(
      'SELECT pg_export_snapshot() AS id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS taken_at',
    );
    return succeed({
      id: row?.id ?? '',
      takenAtMs: Number(row?.taken_at),
      inventory: async (options) => {
        try {
          return await readInventory(session, { database, options });
        } catch (error) {
          return fail(postgresFailure(error, { doing: `count the rows of database ${database}`, address }));
        }
      },
      catalogue: async () => {
        try {
          await session.rows('SAVEPOINT catalogue');
          return succeed(await readWhole(session, database));
        } catch (error) {
          // The snapshot may still be joined by pg_dump.
          await session.rows('ROLLBACK TO SAVEPOINT catalogue').catch(() => {});
          return fail(
            postgresFailure(error, { doing: `read the catalogue of database ${database}`, address }),
          );
        }
      },
      close: end,
    });
  } catch (error) {
    await end();
    return fail(postgresFailure(error, { doing, address }));
  }
}
