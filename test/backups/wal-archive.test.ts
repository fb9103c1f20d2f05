import { describe, expect, it } from 'vitest';
import {
  findWalGap,
  readTimelineHistory,
  readWalHeader,
  readWalName,
  type WalFile,
} from '../../src/backups/wal-archive.ts';

const megabyte = 1024 * 1024;

function segments(...names: readonly string[]) {
  return names
    .map(readWalName)
    .filter((file): file is Extract<WalFile, { kind: 'segment' }> => file?.kind === 'segment');
}

describe('Files of a WAL archive', () => {
  it('are known by their names, whatever wraps them and whatever folder they lie in', () => {
    expect(readWalName('wal/0000000200000001/0000000200000001000000FE.gz.gpg')).toMatchObject({
      kind: 'segment',
      name: '0000000200000001000000FE',
      timeline: 2,
    });
    expect(readWalName('wal/0000000A.history')).toMatchObject({ kind: 'history', timeline: 10 });
    expect(readWalName('wal/000000010000000000000002.00000028.backup')).toMatchObject({
      kind: 'backup-note',
      segment: '000000010000000000000002',
    });
  });

  it('that are partial, or somebody else’s notes, are left alone', () => {
    expect(readWalName('wal/000000010000000000000003.partial')).toBeUndefined();
    expect(readWalName('wal/README.md')).toBeUndefined();
  });
});

describe('A gap in the archive', () => {
  it('is the first segment that no timeline has', () => {
    const there = segments(
      '000000010000000000000002',
      '000000010000000000000003',
      '000000010000000000000005',
    );
    expect(
      findWalGap({ segments: there, from: '000000010000000000000002', segmentBytes: 16 * megabyte }),
    ).toEqual({
      after: '000000010000000000000003',
      missing: '000000010000000000000004',
    });
  });

  it('is none where the log number goes up after FF, nor where a new timeline goes on', () => {
    const there = segments(
      '0000000100000000000000FE',
      '0000000100000000000000FF',
      '000000020000000100000000',
    );
    expect(
      findWalGap({ segments: there, from: '0000000100000000000000FE', segmentBytes: 16 * megabyte }),
    ).toBeUndefined();
  });

  it('counts by the size of segments: with 64 MB a log has 64 of them', () => {
    const there = segments('00000001000000000000003F', '000000010000000100000000');
    expect(
      findWalGap({ segments: there, from: '00000001000000000000003F', segmentBytes: 64 * megabyte }),
    ).toBeUndefined();
  });

  it('is the very first segment when the archive begins too late', () => {
    const there = segments('000000010000000000000004');
    expect(
      findWalGap({ segments: there, from: '000000010000000000000002', segmentBytes: 16 * megabyte }),
    ).toMatchObject({
      missing: '000000010000000000000002',
    });
  });
});

describe('A history of timelines', () => {
  it('says where each left its parent, and why', () => {
    expect(
      readTimelineHistory('1\t0/3000148\tno recovery target specified\n\n2\t0/5000000\tbefore 2025-10-17\n'),
    ).toEqual([
      { parent: 1, at: '0/3000148', reason: 'no recovery target specified' },
      { parent: 2, at: '0/5000000', reason: 'before 2025-10-17' },
    ]);
  });
});

describe('The first page of a segment', () => {
  it('says which PostgreSQL and which cluster wrote it', () => {
    const head = Buffer.alloc(40);
    head.writeUInt16LE(0xd110, 0);
    head.writeUInt16LE(2, 2);
    head.writeBigUInt64LE(7710140896817424821n, 24);
    head.writeUInt32LE(16 * megabyte, 32);
    expect(readWalHeader(head)).toEqual({
      major: 15,
      systemIdentifier: '7710140896817424821',
      segmentBytes: 16 * megabyte,
    });
  });

  it('of anything else is none', () => {
    expect(readWalHeader(Buffer.alloc(40))).toBeUndefined();
    expect(readWalHeader(Buffer.from('short'))).toBeUndefined();
  });
});
