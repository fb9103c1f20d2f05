import { fingerprintCatalogue } from '../backups/catalogue.ts';
import { qualifiedName } from '../backups/compare-inventories.ts';
import type { Manifest } from '../backups/manifest.ts';
import type { ArchiveData } from '../base/archive-toc.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Inventory } from '../ports/database-server.ts';
import type { BackupRequest } from './backup-request.ts';
import type { StoredDump } from './dump-to-store.ts';
import type { PreparedBackup } from './prepare-backup.ts';

/** The manifest, as far as dump and database tell it. */
export function describeBackup(
  request: BackupRequest,
  made: {
    readonly prepared: PreparedBackup;
    readonly dump: StoredDump;
    readonly inventory: Inventory;
    readonly catalogue: Catalogue | undefined;
    readonly takenAtMs: number;
  },
): Manifest {
  const { prepared, dump, inventory, catalogue, takenAtMs } = made;
  const { key, host, startedAtMs, server, identity, dumpTool, packer, recipient } = prepared;
  const { header } = dump.toc;
  const sealing = packer.layers[0];
  return {
    thawManifest: 1,
    takenAt: new Date(takenAtMs).toISOString(),
    host,
    dump: {
      key,
      sizeBytes: dump.sizeBytes,
      sha256: dump.sha256,
      layers: [...packer.layers],
      unpackedBytes: dump.unpackedBytes,
      unpackedSha256: dump.unpackedSha256,
      archiveVersion: header.archiveVersion,
      entries: header.entryCount,
    },
    tables: inventory.tables.map((table) => ({ ...table })),
    sequences: [...inventory.sequences],
    extensions: [...inventory.extensions],
    ...(catalogue === undefined ? {} : { catalogue: fingerprintCatalogue(catalogue) }),
    newestColumns: [...request.settings.newestColumns],
    fingerprints: prepared.fingerprints,
    ...(recipient === undefined || sealing === undefined
      ? {}
      : { encryption: { kind: sealing, recipient: recipient.text, keyIds: [...recipient.keyIds] } }),
    database: {
      name: server.databaseName,
      sizeBytes: prepared.databaseBytes,
      systemIdentifier: identity.systemIdentifier,
      oid: prepared.databaseOid,
    },
    versions: { server: identity.version, pgDump: dumpTool.text, thaw: request.thawVersion },
    startedAt: new Date(startedAtMs).toISOString(),
  };
}

/** Extensions own tables that are counted, and that CREATE EXTENSION brings along instead of the dump. */
export function tablesLeftOut(archive: ArchiveData, inventory: Inventory): readonly string[] {
  const dumped = new Set(archive.tables.map(qualifiedName));
  return inventory.tables.map(qualifiedName).filter((table) => !dumped.has(table));
}
