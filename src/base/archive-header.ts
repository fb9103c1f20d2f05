import { type ArchiveReader, createArchiveReader } from './archive-reader.ts';
import { fail, type Outcome, succeed } from './failure.ts';

/**
 * The first bytes of a pg_dump archive in custom format (and of toc.dat in a directory one), as ReadHead in
 * PostgreSQL's pg_backup_archiver.c reads them. Looking at them tells, before anything is dropped, whether this is an
 * archive at all and whether the pg_restore at hand can read it.
 */
export type ArchiveHeader = {
  /** For example 1.14. */
  readonly archiveVersion: string;
  readonly format: 'custom' | 'directory' | 'tar' | 'unknown';
  readonly compression: 'none' | 'gzip' | 'lz4' | 'zstd';
  readonly databaseName: string;
  /** For example 15.18 (Debian 15.18-0+deb12u1). */
  readonly serverVersion: string;
  readonly dumpVersion: string;
  readonly entryCount: number;
  /** As pg_dump wrote it: local time of the host it ran on, without a zone. 2026-04-28 14:07:31. */
  readonly createdAtLocal: string;
  /** The oldest major version of pg_restore that reads this archive. */
  readonly neededMajor: number;
};

const formats = ['unknown', 'custom', 'unknown', 'tar', 'unknown', 'directory'] as const;
const compressions = ['none', 'gzip', 'lz4', 'zstd'] as const;

export function isCustomArchive(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 5)).toString('latin1') === 'PGDMP';
}

/** 1.14 came with PostgreSQL 12, 1.15 with 16, 1.16 with 17; what is newer than we know needs a newer tool still. */
function neededRestoreMajor(minor: number): number {
  if (minor <= 14) return 12;
  return minor + 1;
}

export function readArchiveHeader(head: Uint8Array): Outcome<ArchiveHeader> {
  const read = readHeaderFrom(head);
  return read.ok ? succeed(read.value.header) : read;
}

/** The header, and a reader that stands behind it: at the table of contents. */
export function readHeaderFrom(
  head: Uint8Array,
): Outcome<{ readonly header: ArchiveHeader; readonly reader: ArchiveReader; readonly offsetBytes: number }> {
  if (!isCustomArchive(head)) return damaged('It does not begin with PGDMP.');
  const reader = createArchiveReader(head);
  const major = reader.byte();
  const minor = reader.byte();
  const revision = reader.byte();
  if (major !== 1 || minor < 12) {
    return damaged(
      `Its archive version ${major}.${minor}.${revision} is older than PostgreSQL 10, or no version at all.`,
    );
  }
  reader.setIntSize(reader.byte());
  const offsetBytes = reader.byte();
  const format = formats[reader.byte()] ?? 'unknown';
  // Since 1.15 an algorithm stands here, before that a level of gzip, where -1 is gzip's own default.
  const compression = minor >= 15 ? compressions[reader.byte()] : reader.int() === 0 ? 'none' : 'gzip';
  const [second = 0, minute = 0, hour = 0, day = 0, month = 0, year = 0] = Array.from(
    { length: 7 },
    reader.int,
  );
  const databaseName = reader.text();
  const serverVersion = reader.text();
  const dumpVersion = reader.text();
  const entryCount = reader.int();
  if (reader.ranOut() || compression === undefined)
    return damaged('Its header ends early or makes no sense.');
  const two = (value: number) => String(value).padStart(2, '0');
  const header: ArchiveHeader = {
    archiveVersion: `${major}.${minor}`,
    format,
    compression,
    databaseName,
    serverVersion,
    dumpVersion,
    entryCount,
    createdAtLocal: `${year + 1900}-${two(month + 1)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`,
    neededMajor: neededRestoreMajor(minor),
  };
  return succeed({ header, reader, offsetBytes });
}

function damaged(why: string) {
  return fail({
    code: 'damaged',
    message: `This is not a readable pg_dump archive in custom format. ${why}`,
    remedy: 'Choose another snapshot, or check which layers (openpgp, gzip) the runbook names for it.',
    retry: 'never',
  });
}
