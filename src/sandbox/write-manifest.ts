import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintSecret } from '../backups/fingerprint.ts';
import { type Manifest, manifestKey, writeManifest as manifestText } from '../backups/manifest.ts';
import type { Sandbox } from './build-sandbox.ts';

/**
 * The old scripts write nothing down, and so nothing they backed up can be proven. The rehearsal shows what a restore is worth
 * when somebody counted: it adds to the newest dump what was counted in the dump's own snapshot.
 */
export async function writeManifest(sandbox: Sandbox): Promise<void> {
  const { truth, backupDirectory, environment } = sandbox;
  const dump = await readFile(join(backupDirectory, truth.key));
  const value = environment['ENCRYPTION_KEY'] ?? '';
  const manifest: Manifest = {
    thawManifest: 1,
    takenAt: new Date(truth.takenAtMs).toISOString(),
    host: environment['BACKUP_HOST'] ?? '',
    dump: { key: truth.key, sizeBytes: dump.length, sha256: createHash('sha256').update(dump).digest('hex') },
    tables: Object.entries(truth.rows).map(([table, rows]) => {
      const dot = table.indexOf('.');
      return { schema: table.slice(0, dot), name: table.slice(dot + 1), rows };
    }),
    // Sequences move while others write and belong to no snapshot, so nothing exact can be said of them here.
    sequences: [],
    extensions: [],
    fingerprints: { ENCRYPTION_KEY: await fingerprintSecret({ name: 'ENCRYPTION_KEY', value }) },
  };
  await writeFile(join(backupDirectory, manifestKey(truth.key)), manifestText(manifest));
}
