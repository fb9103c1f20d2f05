import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorWords } from '../base/thrown.ts';
import { formatCount } from '../base/units.ts';
import type { Sandbox } from './build-sandbox.ts';
import { type Connection, withConnection } from './crm/database.ts';

/**
 * Statements of a migration that was meant for another database. Each commits by itself, so that it stops half-way
 * at the last one and leaves neither the old schema nor the new.
 */
const migration = [
  'truncate clients cascade',
  'drop table receipts cascade',
  'drop schema reporting cascade',
  'alter table audit_logs rename column actor to actor_name',
  'update system_settings set value = reverse(value)',
  'alter table invoices add column total numeric not null default (1 / 0)',
] as const;

/**
 * Production is lost the way it happens: a bad migration ruins the database in place and a clean-up job empties the
 * live objects, while the services go on hammering both. Returns how many objects were removed.
 */
export async function loseProduction(request: {
  readonly sandbox: Pick<Sandbox, 'databaseUrl' | 'objectsDirectory'>;
  readonly onLine: (line: string) => void;
}): Promise<{ readonly objectsRemoved: number }> {
  const { sandbox, onLine } = request;
  await withConnection(sandbox.databaseUrl, (client) => migrateHalfWay(client, onLine));
  const objectsRemoved = await emptyFolder(sandbox.objectsDirectory);
  onLine(`clean-up: ${formatCount(objectsRemoved)} live objects are removed.`);
  onLine('The services still run, and write into what is left.');
  return { objectsRemoved };
}

async function migrateHalfWay(client: Connection, onLine: (line: string) => void): Promise<void> {
  for (const statement of migration) {
    try {
      await untilNoDeadlock(() => client.query(statement));
      onLine(`migration: ${statement}`);
    } catch (error) {
      const reason = errorWords(error);
      onLine(`migration: ${statement}`);
      onLine(`migration: ERROR: ${reason}. It stops half-way.`);
      return;
    }
  }
}

/** The services hold locks on the same tables, and PostgreSQL may choose the migration as the one to give way. */
async function untilNoDeadlock(statement: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await statement();
      return;
    } catch (error) {
      if (errorCode(error) !== '40P01') throw error;
    }
  }
}

/** The folder itself stays, as a bucket does. */
async function emptyFolder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const name of await readdir(folder)) {
    // A service may put a file back while its folder is being removed.
    await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
  await mkdir(folder, { recursive: true });
  return entries.filter((entry) => entry.isFile()).length;
}
