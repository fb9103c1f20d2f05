import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { artifactKey } from '../../src/backups/artifact-keys.ts';
import { type Manifest, writeManifest } from '../../src/backups/manifest.ts';
import { type BackupStand, database } from './backup-stand.ts';

const most = { maxBuffer: 1 << 28 };

/**
 * Puts in place of the newest dump one of a database that is not quite the one that was counted, with digests to match: what a
 * producer does that leaves something out. Returns what puts the true one back.
 */
export async function replaceDump(stand: BackupStand, ...statements: readonly string[]): Promise<() => void> {
  const manifest = stand.newest();
  const dumpFile = join(stand.backups, manifest.dump.key);
  const manifestFile = join(stand.backups, artifactKey(manifest.dump.key, 'manifest'));
  const before = [dumpFile, manifestFile].map((file) => [file, readFileSync(file)] as const);
  await stand.production.sql(
    'postgres',
    'DROP DATABASE IF EXISTS altered WITH (FORCE)',
    `CREATE DATABASE altered TEMPLATE ${database}`,
  );
  await stand.production.sql('altered', ...statements);
  const archive = execFileSync(
    join(stand.production.binFolder, 'pg_dump'),
    ['--format=custom', '--compress=0', stand.production.urlOf('altered')],
    most,
  );
  const packed = execFileSync('zstd', ['-c'], { input: archive, ...most });
  const dump = stand.gpg.encryptTo([stand.key], packed);
  writeFileSync(dumpFile, dump);
  const altered: Manifest = {
    ...manifest,
    dump: {
      ...manifest.dump,
      sizeBytes: dump.length,
      sha256: sha256(dump),
      unpackedBytes: archive.length,
      unpackedSha256: sha256(archive),
    },
  };
  writeFileSync(manifestFile, writeManifest(altered));
  return () => {
    for (const [file, bytes] of before) writeFileSync(file, bytes);
  };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
