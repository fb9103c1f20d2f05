import { fail, type Outcome, succeed } from '../base/failure.ts';

/**
 * A moment somebody typed, with its zone: `2025-10-17 14:30:00 UTC`, `2025-10-17T14:30:00.5+02:00`. Without a zone it is refused:
 * two hours too late brings back the very disaster that is to be undone.
 */
export function readPointInTime(text: string): Outcome<number> {
  const found = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s*(.*)$/.exec(text.trim());
  const [, day = '', time = '', zone = ''] = found ?? [];
  if (found !== null && zone === '') {
    return fail({
      code: 'invalid-input',
      message: `${text.trim()} does not say in which time zone it is meant.`,
      remedy: `Write ${text.trim()} UTC, or give the offset: ${text.trim()}+02:00.`,
      retry: 'after-fix',
    });
  }
  const [, hours = '', minutes = '00'] = /^([+-]\d{2})(?::?(\d{2}))?$/.exec(zone) ?? [];
  const offset = /^(Z|UTC|GMT)$/i.test(zone) ? 'Z' : hours === '' ? zone : `${hours}:${minutes}`;
  const timeMs = Date.parse(`${day}T${time}${offset}`);
  // JavaScript takes 30 February for 2 March: a moment that does not exist is not rounded to another.
  const exists = new Date(Date.parse(`${day}T00:00:00Z`));
  if (!Number.isNaN(timeMs) && !Number.isNaN(exists.getTime()) && exists.toISOString().startsWith(day)) {
    return succeed(timeMs);
  }
  return fail({
    code: 'invalid-input',
    message: `${text.trim()} is no point in time.`,
    remedy: 'Write it as 2025-10-17 14:30:00 UTC.',
    retry: 'after-fix',
  });
}

/** Why a pg_dump cannot be taken to another moment, whatever the archive holds. */
export function dumpHasNoPointInTime(what: string, moment = 'a point in time') {
  return {
    code: 'invalid-input',
    message: `${what} cannot be brought to ${moment}: a pg_dump holds the rows of one moment and no place in the write-ahead log, so there is nothing WAL could be applied to.`,
    remedy:
      'Use a runbook with the step recover-cluster, which begins with a base backup (pg_basebackup or pgBackRest) and replays the WAL archive; or leave the point in time empty to restore the dump as it is.',
    retry: 'never',
  } as const;
}
