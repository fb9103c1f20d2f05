import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintSecret } from '../../src/backups/fingerprint.ts';
import { type Manifest, manifestKey, writeManifest as manifestText } from '../../src/backups/manifest.ts';
import type { Sandbox } from '../../src/sandbox/build-sandbox.ts';

/** Adds to the newest dump of the old scripts what was counted in the dump's own snapshot, as another producer might. */
export async function writeManifest(sandbox: Sandbox): Promise<void> {
  const { truth, backupDirectory, environment } = sandbox;
  const dump = await readFile(join(backupDirectory, truth.key));
  const value = environment.ENCRYPTION_KEY ?? '';
  const manifest: Manifest = {
    thawManifest: 1,
    takenAt: new Date(truth.takenAtMs).toISOString(),
    host: environment.BACKUP_HOST ?? '',
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
