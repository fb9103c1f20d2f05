import { describe, expect, it } from 'vitest';
import { readBackupLabel } from '../../src/backups/backup-label.ts';
import { dumpHasNoPointInTime, readPointInTime } from '../../src/backups/point-in-time.ts';

describe('A point in time', () => {
  it('is read with its zone, in the ways people write it', () => {
    const same = [
      '2025-10-17 14:30:00 UTC',
      '2025-10-17T14:30:00Z',
      '2025-10-17 16:30:00+02',
      '2025-10-17 10:30-0400',
    ];
    for (const text of same)
      expect(readPointInTime(text)).toEqual({ ok: true, value: Date.UTC(2025, 9, 17, 14, 30) });
  });

  it('without a zone is refused, and told how to write it', () => {
    const read = readPointInTime('2025-10-17 14:30:00');
    expect(read.ok).toBe(false);
    if (!read.ok) expect(read.failure.remedy).toContain('Write 2025-10-17 14:30:00 UTC');
  });

  it('that does not exist is not rounded to another', () => {
    for (const text of ['2025-02-30 10:00 UTC', '2025-10-17 25:00 UTC', 'yesterday', '2025-10-17 14:30 CEST'])
      expect(readPointInTime(text).ok, text).toBe(false);
  });

  it('is refused for a dump with the reason', () => {
    expect(dumpHasNoPointInTime('A dump', '2025-10-17 14:30:00 UTC').message).toMatch(
      /^A dump cannot be brought to 2025-10-17 14:30:00 UTC: a pg_dump holds the rows of one moment/,
    );
  });
});

describe('A backup label', () => {
  it('says where recovery begins; the note in the archive also says when the backup ended', () => {
    const label = [
      'START WAL LOCATION: 0/2000028 (file 000000010000000000000002)',
      'CHECKPOINT LOCATION: 0/2000060',
      'START TIME: 2025-10-17 02:00:01 UTC',
      'LABEL: pg_basebackup base backup',
      'START TIMELINE: 1',
    ];
    expect(readBackupLabel(label.join('\n'))).toEqual({
      startSegment: '000000010000000000000002',
      startTimeline: 1,
      startedAtMs: Date.UTC(2025, 9, 17, 2, 0, 1),
    });
    expect(readBackupLabel([...label, 'STOP TIME: 2025-10-17 02:04:00 +02'].join('\n'))?.endedAtMs).toBe(
      Date.UTC(2025, 9, 17, 0, 4),
    );
  });

  it('in a zone that means different things in different countries leaves the time out', () => {
    expect(
      readBackupLabel(
        'START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\nSTART TIME: 2025-10-17 02:00:01 CST',
      ),
    ).toEqual({ startSegment: '000000010000000000000002', startTimeline: 1 });
  });

  it('is none where it names no segment', () => {
    expect(readBackupLabel('hello')).toBeUndefined();
  });
});
