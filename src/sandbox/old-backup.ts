import { createWriteStream } from 'node:fs';
import { cp, mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Outcome, succeed } from '../base/failure.ts';
import { type Connection, withConnection } from './crm/database.ts';
import { startProgram } from './start-program.ts';

type OldBackupRequest = {
  readonly databaseUrl: string;
  /** Where pg_dump lies. */
  readonly binFolder: string;
  /** Undefined: the dump is not encrypted and its name ends in .dump.gz. */
  readonly encryptTo: { readonly gnupgHome: string; readonly recipient: string } | undefined;
  readonly objectsDirectory: string;
  readonly backupDirectory: string;
  /** The producer's host name, a part of the key. */
  readonly host: string;
  /** The hour it is filed under, and its modification time. */
  readonly at: Date;
};

export type OldBackup = {
  /** pg/HOST/2026-04-28/14.dump.gz.gpg, under the backup directory. */
  readonly key: string;
  readonly file: string;
  readonly sizeBytes: number;
  /** Exactly what the dump holds, by schema.table. */
  readonly rows: Readonly<Record<string, number>>;
};

/**
 * One hour of the old shell scripts: `pg_dump -Fc | gzip | gpg --encrypt`, and the objects copied without removing
 * any. No manifest, no checksums: that is what operators really find.
 */
export async function takeOldBackup(request: OldBackupRequest): Promise<Outcome<OldBackup>> {
  const key = oldBackupKey(request);
  const file = join(request.backupDirectory, key);
  await mkdir(dirname(file), { recursive: true });
  const dumped = await withConnection(request.databaseUrl, async (client) => {
    // pg_dump and our counts look at one exported snapshot, so the counts are exact while everybody keeps writing.
    await client.query('begin isolation level repeatable read read only');
    const { rows } = await client.query<{ snapshot: string }>('select pg_export_snapshot() as snapshot');
    const written = await writeDump(request, { file, snapshot: rows[0]?.snapshot ?? '' });
    return written.ok ? succeed(await countRows(client)) : written;
  });
  if (!dumped.ok) return dumped;
  await utimes(file, request.at, request.at);
  await cp(request.objectsDirectory, join(request.backupDirectory, 'minio'), {
    recursive: true,
    preserveTimestamps: true,
    filter: (source) => !source.endsWith('.part'),
  });
  return succeed({ key, file, sizeBytes: (await stat(file)).size, rows: dumped.value });
}

/** Hours have two digits, as `date -u +%H` prints them. */
export function oldBackupKey(
  request: Pick<OldBackupRequest, 'host' | 'at'> & { readonly encryptTo: unknown },
): string {
  const [date, time = ''] = request.at.toISOString().split('T');
  const suffix = request.encryptTo === undefined ? '.dump.gz' : '.dump.gz.gpg';
  return `pg/${request.host}/${date}/${time.slice(0, 2)}${suffix}`;
}

/** What a full disk or a dying host leaves: the name of a backup with nothing in it. */
export async function writeEmptyBackup(
  request: Pick<OldBackupRequest, 'host' | 'at' | 'encryptTo' | 'backupDirectory'>,
): Promise<void> {
  const file = join(request.backupDirectory, oldBackupKey(request));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, '');
  await utimes(file, request.at, request.at);
}

async function writeDump(
  request: OldBackupRequest,
  target: { readonly file: string; readonly snapshot: string },
): Promise<Outcome<void>> {
  const dump = startProgram({
    program: join(request.binFolder, 'pg_dump'),
    args: ['--format=custom', `--snapshot=${target.snapshot}`],
    env: libpqEnvironment(request.databaseUrl),
  });
  dump.stdin.end();
  const partial = `${target.file}.part`;
  const ends = [dump.ended];
  const pipes: Promise<void>[] = [];
  if (request.encryptTo === undefined) {
    pipes.push(pipeline(dump.stdout, createGzip(), createWriteStream(partial)));
  } else {
    const gpg = startProgram({
      program: 'gpg',
      args: [
        '--batch',
        '--no-tty',
        '--trust-model',
        'always',
        '--recipient',
        request.encryptTo.recipient,
        '--encrypt',
      ],
      env: { GNUPGHOME: request.encryptTo.gnupgHome },
    });
    ends.push(gpg.ended);
    pipes.push(pipeline(dump.stdout, createGzip(), gpg.stdin));
    pipes.push(pipeline(gpg.stdout, createWriteStream(partial)));
  }
  // A broken pipe is the echo of a program that ended badly, so the programs are asked first.
  const piped = await Promise.allSettled(pipes);
  const failed = (await Promise.all(ends)).find((end) => !end.ok);
  if (failed !== undefined) {
    await rm(partial, { force: true });
    return failed;
  }
  for (const pipe of piped) if (pipe.status === 'rejected') throw pipe.reason;
  await rename(partial, target.file);
  return succeed(undefined);
}

/** How libpq's programs are told where to go without a password in their arguments. */
function libpqEnvironment(databaseUrl: string): Record<string, string> {
  const url = new URL(databaseUrl);
  return {
    PGHOST: url.hostname,
    PGPORT: url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
  };
}

async function countRows(client: Connection): Promise<Record<string, number>> {
  const tables = await client.query<{ name: string; counting: string }>(
    `select format('%s.%s', n.nspname, c.relname) as name,
            format('select count(*) as rows from %I.%I', n.nspname, c.relname) as counting
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%' order by 1`,
  );
  const counts: Record<string, number> = {};
  for (const table of tables.rows) {
    const { rows } = await client.query<{ rows: string }>(table.counting);
    counts[table.name] = Number(rows[0]?.rows ?? 0);
  }
  return counts;
}
