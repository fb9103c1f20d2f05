import { fail, type Outcome, succeed } from '../base/failure.ts';

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

/** Enough for the header of any sensible database name. */
export const archiveHeaderBytes = 4096;

const formats = ['unknown', 'custom', 'unknown', 'tar', 'unknown', 'directory'] as const;
const compressions = ['none', 'gzip', 'lz4', 'zstd'] as const;

export function isCustomArchive(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 5)).toString('latin1') === 'PGDMP';
}

/** 1.14 came with PostgreSQL 12, 1.15 with 16, 1.16 with 17; what is newer than we know needs a newer tool still. */
export function neededRestoreMajor(minor: number): number {
  if (minor <= 14) return 12;
  return minor + 1;
}

export function readArchiveHeader(head: Uint8Array): Outcome<ArchiveHeader> {
  if (!isCustomArchive(head)) return damaged('It does not begin with PGDMP.');
  const reader = createReader(head);
  const major = reader.byte();
  const minor = reader.byte();
  const revision = reader.byte();
  if (major !== 1 || minor < 12) {
    return damaged(
      `Its archive version ${major}.${minor}.${revision} is older than PostgreSQL 10, or no version at all.`,
    );
  }
  reader.setIntSize(reader.byte());
  reader.byte(); // Size of a file offset: of no use here.
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
  return succeed({
    archiveVersion: `${major}.${minor}`,
    format,
    compression,
    databaseName,
    serverVersion,
    dumpVersion,
    entryCount,
    createdAtLocal: `${year + 1900}-${two(month + 1)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`,
    neededMajor: neededRestoreMajor(minor),
  });
}

function damaged(why: string) {
  return fail({
    code: 'damaged',
    message: `This is not a readable pg_dump archive in custom format. ${why}`,
    remedy: 'Choose another snapshot, or check which layers (openpgp, gzip) the runbook names for it.',
    retry: 'never',
  });
}

/** Numbers are a sign byte and intSize bytes, lowest first; texts are a length and that many bytes. */
function createReader(bytes: Uint8Array) {
  let position = 5;
  let intSize = 4;
  let short = false;
  const byte = () => {
    const value = bytes[position];
    position += 1;
    if (value === undefined) short = true;
    return value ?? 0;
  };
  const int = () => {
    const negative = byte() !== 0;
    let value = 0;
    for (let index = 0; index < intSize; index += 1) value += byte() * 256 ** index;
    return negative ? -value : value;
  };
  const text = () => {
    const length = int();
    // -1 stands for a null pointer in pg_dump: nothing follows.
    if (length <= 0) return '';
    if (position + length > bytes.length) {
      short = true;
      return '';
    }
    position += length;
    return Buffer.from(bytes.subarray(position - length, position)).toString('utf8');
  };
  return {
    byte,
    int,
    text,
    setIntSize: (size: number) => {
      if (size < 1 || size > 8) short = true;
      else intSize = size;
    },
    ranOut: () => short,
  };
}
