import { describe, expect, it } from 'vitest';
import { isCustomArchive, readArchiveHeader } from '../../src/base/archive-header.ts';

const int = (value: number) => {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
};
const text = (value: string) => Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);

function archive(minor: number, compression: number): Buffer {
  return Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([1, minor, 0, 4, 8, 1]),
    minor >= 15 ? Buffer.from([compression]) : int(compression),
    ...[31, 7, 14, 28, 3, 126, 0].map(int),
    text('port_nimara_crm'),
    text('15.18 (Debian 15.18-0+deb12u1)'),
    text('15.18 (Debian 15.18-0+deb12u1)'),
    int(412),
    Buffer.from('what follows'),
  ]);
}

describe('the header of a custom archive', () => {
  it('tells versions, format, compression and when it was made', () => {
    expect(readArchiveHeader(archive(14, -1))).toEqual({
      ok: true,
      value: {
        archiveVersion: '1.14',
        format: 'custom',
        compression: 'gzip',
        databaseName: 'port_nimara_crm',
        serverVersion: '15.18 (Debian 15.18-0+deb12u1)',
        dumpVersion: '15.18 (Debian 15.18-0+deb12u1)',
        entryCount: 412,
        createdAtLocal: '2026-04-28 14:07:31',
        neededMajor: 12,
      },
    });
  });

  it.each([
    [14, 0, 'none', 12],
    [15, 2, 'lz4', 16],
    [16, 3, 'zstd', 17],
  ])(
    'reads archive version 1.%i with compression %i as %s, for pg_restore %i',
    (minor, level, name, major) => {
      expect(readArchiveHeader(archive(minor, level))).toMatchObject({
        ok: true,
        value: { archiveVersion: `1.${minor}`, compression: name, neededMajor: major, entryCount: 412 },
      });
    },
  );

  it('asks for a newer pg_restore than any known one when the version is newer', () => {
    expect(readArchiveHeader(archive(17, 1))).toMatchObject({ ok: true, value: { neededMajor: 18 } });
  });

  it('refuses what is no archive, an empty file and a gzip file', () => {
    for (const bytes of [Buffer.from('-- PostgreSQL'), Buffer.alloc(0), Buffer.from([0x1f, 0x8b, 8, 0])]) {
      expect(isCustomArchive(bytes)).toBe(false);
      expect(readArchiveHeader(bytes)).toMatchObject({
        ok: false,
        failure: { code: 'damaged', retry: 'never' },
      });
    }
  });

  it('refuses a header cut short at any byte', () => {
    const whole = archive(14, -1);
    const headerLength = whole.length - 'what follows'.length;
    for (let length = 0; length < headerLength; length += 1) {
      expect(readArchiveHeader(whole.subarray(0, length)).ok).toBe(false);
    }
  });
});
