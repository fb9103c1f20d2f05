/**
 * What a base backup says of itself: `backup_label` inside it, and the note `SEGMENT.OFFSET.backup` in the WAL archive, which
 * alone knows when the backup ended. No moment before that end can be recovered from it.
 */
export type BackupLabel = {
  /** The segment recovery begins with. */
  readonly startSegment: string;
  readonly startTimeline: number;
  /** Left out where the server wrote a zone like CST, which means different things in different countries. */
  readonly startedAtMs?: number;
  /** Only the note in the archive has it. */
  readonly endedAtMs?: number;
};

/** undefined when the text is none. */
export function readBackupLabel(text: string): BackupLabel | undefined {
  const value = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(text)?.[1];
  const startSegment = /\(file ([0-9A-F]{24})\)/.exec(value('START WAL LOCATION') ?? '')?.[1];
  const startedAtMs = readServerTime(value('START TIME'));
  if (startSegment === undefined) return undefined;
  const endedAtMs = readServerTime(value('STOP TIME'));
  return {
    startSegment,
    startTimeline: Number(value('START TIMELINE') ?? Number.parseInt(startSegment.slice(0, 8), 16)),
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
  };
}

/**
 * `2025-10-17 14:30:00 UTC`, in the server's log_timezone. An abbreviation other than UTC or GMT is not guessed at.
 */
function readServerTime(text: string | undefined): number | undefined {
  const found = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) (\S+)$/.exec(text ?? '');
  if (found === null) return undefined;
  const [, day, time, zone = ''] = found;
  const offset = /^(UTC|GMT)$/.test(zone) ? 'Z' : /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : undefined;
  return offset === undefined ? undefined : Date.parse(`${day}T${time}${offset}`);
}
