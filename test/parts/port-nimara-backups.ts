import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { fingerprintSecret } from '../../src/backups/fingerprint.ts';
import { type Manifest, manifestKey } from '../../src/backups/manifest.ts';
import { type OldBackup, oldBackupKey, takeOldBackup } from '../../src/sandbox/old-backup.ts';
import { readValue } from './count-rows.ts';
import { orThrow, type PortNimara, producer } from './port-nimara.ts';

const run = promisify(execFile);
const compress = promisify(gzip);

/** One hour of the old scripts, from the running database into the backup bucket, and the mirror of the objects. */
export async function backUp(nimara: PortNimara, at = new Date()): Promise<OldBackup> {
  const backupDirectory = join(nimara.folder, 'backups');
  const backup = orThrow(
    await takeOldBackup({
      databaseUrl: nimara.databaseUrl,
      binFolder: nimara.production.binFolder,
      encryptTo: { gnupgHome: nimara.gpg.folder, recipient: nimara.key.fingerprint },
      objectsDirectory: nimara.objectsFolder,
      backupDirectory,
      host: producer,
      at,
    }),
  );
  await nimara.backups.putFolder(backupDirectory);
  return backup;
}

/** Writes down beside a dump what was counted in its own snapshot. */
export async function putManifest(nimara: PortNimara, backup: OldBackup): Promise<void> {
  const dump = await readFile(backup.file);
  const fingerprint = await fingerprintSecret({ name: 'ENCRYPTION_KEY', value: nimara.encryptionKey });
  const manifest: Manifest = {
    thawManifest: 1,
    takenAt: new Date().toISOString(),
    host: producer,
    dump: {
      key: backup.key,
      sizeBytes: dump.length,
      sha256: createHash('sha256').update(dump).digest('hex'),
    },
    tables: Object.entries(backup.rows).map(([table, rows]) => {
      const dot = table.indexOf('.');
      return { schema: table.slice(0, dot), name: table.slice(dot + 1), rows };
    }),
    sequences: [],
    extensions: await Promise.all(['pgcrypto', 'pg_trgm'].map((name) => readExtension(nimara, name))),
    fingerprints: { ENCRYPTION_KEY: fingerprint },
    objects: await countMirror(nimara),
  };
  await nimara.backups.put(manifestKey(backup.key), Buffer.from(JSON.stringify(manifest)));
}

async function countMirror({ folder }: PortNimara) {
  const mirror = join(folder, 'backups', 'minio');
  const found = await readdir(mirror, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = found.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  return { count: files.length, sizeBytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function readExtension({ databaseUrl }: PortNimara, name: string) {
  const sql = `select extversion as value from pg_extension where extname = '${name}'`;
  return { name, version: await readValue(databaseUrl, sql) };
}

/** A custom-format archive as pg_dump writes it, without any wrapping. */
export async function dumpArchive(nimara: PortNimara, ...options: readonly string[]): Promise<Buffer> {
  const url = new URL(nimara.databaseUrl);
  const { stdout } = await run(
    join(nimara.production.binFolder, 'pg_dump'),
    ['--format=custom', ...options, url.pathname.slice(1)],
    {
      encoding: 'buffer',
      maxBuffer: 1 << 28,
      env: { PGHOST: url.hostname, PGPORT: url.port, PGUSER: url.username, PGPASSWORD: url.password },
    },
  );
  return stdout;
}

export function zip(bytes: Buffer): Promise<Buffer> {
  return compress(bytes);
}

/** Puts content under the name an hour's dump has; the hour is what tells these snapshots apart. */
export async function putDump(
  nimara: PortNimara,
  dump: { readonly at: Date; readonly content: Buffer },
): Promise<{ readonly key: string; readonly id: string }> {
  const key = oldBackupKey({ host: producer, at: dump.at, encryptTo: {} });
  await nimara.backups.put(key, dump.content);
  return { key, id: key.replace(`pg/${producer}/`, '').replace('.dump.gz.gpg', '') };
}
