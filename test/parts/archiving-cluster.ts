import { execFile } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { withConnection } from '../../src/sandbox/crm/database.ts';
import { type PostgresCluster, startPostgresCluster } from '../../src/sandbox/postgres-cluster.ts';
import { readValue } from './count-rows.ts';

const run = promisify(execFile);

/** A cluster that archives its WAL as the handbook says, with the tables of a small company. */
export type ArchivingCluster = {
  readonly cluster: PostgresCluster;
  /** Of the database corporate_intel. */
  readonly url: string;
  readonly archive: string;
  readonly password: string;
  /** Adds filings and returns the server's time right after the commit. */
  file(count: number): Promise<Date>;
  sql(...statements: readonly string[]): Promise<void>;
  /** Ends the current segment and waits until the archive has it. */
  archiveNow(): Promise<string>;
  /** pg_basebackup into this folder, in the format its options say. */
  takeBase(folder: string, ...options: readonly string[]): Promise<void>;
};

export async function startArchivingCluster(request: {
  readonly folder: string;
  readonly archive: string;
  /** Instead of copying into `archive`. */
  readonly archiveCommand?: string;
  readonly settings?: Readonly<Record<string, string>>;
}): Promise<ArchivingCluster> {
  const { folder, archive } = request;
  await mkdir(archive, { recursive: true });
  // The server's own user writes into it.
  await chmod(archive, 0o777);
  const cluster = await startPostgresCluster({
    folder,
    settings: {
      fsync: 'off',
      wal_level: 'replica',
      archive_mode: 'on',
      archive_command: request.archiveCommand ?? `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
      max_connections: '130',
      ...request.settings,
    },
  });
  await withConnection(cluster.url, async (client) => {
    await client.query('create database corporate_intel template template0');
  });
  const url = cluster.url.replace(/\/postgres$/, '/corporate_intel');
  const sql = (...statements: readonly string[]) =>
    withConnection(url, async (client) => {
      for (const statement of statements) await client.query(statement);
    });
  await sql(
    'create table companies (id int primary key, name text not null)',
    "insert into companies select n, 'Company ' || n from generate_series(1, 200) n",
    `create table filings (id bigserial primary key, company_id int not null references companies,
       filed_at timestamptz not null default clock_timestamp(), body text not null)`,
  );
  const environment = { ...process.env, PGPASSWORD: new URL(url).password };
  return {
    cluster,
    url,
    archive,
    password: new URL(url).password,
    sql,
    async file(count) {
      await sql(
        `insert into filings (company_id, body) select 1 + n % 200, repeat('x', 200) from generate_series(1, ${count}) n`,
      );
      return new Date(await readValue(url, 'select clock_timestamp() as value'));
    },
    async archiveNow() {
      const name = await readValue(url, 'select pg_walfile_name(pg_switch_wal()) as value');
      const deadlineMs = performance.now() + 30_000;
      const archived = () =>
        readValue(
          url,
          `select coalesce(last_archived_wal >= '${name}', false) as value from pg_stat_archiver`,
        );
      while ((await archived()) !== 'true') {
        if (performance.now() > deadlineMs) throw new Error(`${name} does not come into the archive.`);
        await pause(50);
      }
      return name;
    },
    async takeBase(to, ...options) {
      const where = ['-h', '127.0.0.1', '-p', String(cluster.port), '-U', 'postgres', '--checkpoint=fast'];
      await run(join(cluster.binFolder, 'pg_basebackup'), [...where, '-D', to, ...options], {
        env: environment,
      });
    },
  };
}
