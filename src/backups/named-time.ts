/** What the named parts of a layout say of one key. */
export type Groups = Readonly<Record<string, string | undefined>>;

type Span = { readonly timeMs: number; readonly spanMs: number };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The time in a name, in UTC, and how wide it is; undefined where it is none: a name that is no date is no snapshot. */
export function readNamedTime(groups: Groups): Span | undefined {
  const digits = digitsOf(groups.timestamp);
  const day =
    digits === ''
      ? readDay(groups)
      : toDay(digits.slice(0, 4), { month: digits.slice(4, 6), day: digits.slice(6, 8) });
  if (day === undefined) return undefined;
  const clock = digits === '' ? readClock(groups) : clockOf(digits.slice(8));
  if (clock === 'none') return undefined;
  return clock === undefined ? day : { timeMs: day.timeMs + clock.timeMs, spanMs: clock.spanMs };
}

function digitsOf(text = ''): string {
  return text.replace(/\D/g, '');
}

/** A day, an ISO week from its Monday on, or a whole month. */
function readDay(groups: Groups): Span | undefined {
  const { week, month, year, day } = groups;
  const date = digitsOf(groups.date);
  if (date !== '') return toDay(date.slice(0, 4), { month: date.slice(4, 6), day: date.slice(6, 8) });
  if (week !== undefined) return toWeek(digitsOf(week));
  if (month === undefined) return undefined;
  const own = digitsOf(month);
  const ofYear = own.length === 6 ? own.slice(0, 4) : year;
  if (ofYear === undefined) return undefined;
  if (day !== undefined) return toDay(ofYear, { month: own.slice(-2), day });
  const first = toDay(ofYear, { month: own.slice(-2), day: '01' });
  if (first === undefined) return undefined;
  return { timeMs: first.timeMs, spanMs: Date.UTC(Number(ofYear), Number(own.slice(-2)), 1) - first.timeMs };
}

function toDay(
  year: string,
  { month, day }: { readonly month: string; readonly day: string },
): Span | undefined {
  const text = `${year}-${month}-${day}`;
  const timeMs = Date.parse(`${text}T00:00:00Z`);
  // JavaScript takes 30 February for 2 March.
  if (Number.isNaN(timeMs) || !new Date(timeMs).toISOString().startsWith(text)) return undefined;
  return { timeMs, spanMs: dayMs };
}

/** ISO 8601: the week that holds the 4th of January is the first one; it begins on Monday. */
function toWeek(digits: string): Span | undefined {
  const [year, week] = [Number(digits.slice(0, 4)), Number(digits.slice(4))];
  const monday = (timeMs: number) => timeMs - ((new Date(timeMs).getUTCDay() + 6) % 7) * dayMs;
  const timeMs = monday(Date.UTC(year, 0, 4)) + (week - 1) * 7 * dayMs;
  const isOfYear = week >= 1 && timeMs < monday(Date.UTC(year + 1, 0, 4));
  return isOfYear ? { timeMs, spanMs: 7 * dayMs } : undefined;
}

/** undefined where the name tells no time of day, none where it tells one that no clock shows. */
function readClock({ hour, minute, time }: Groups): Span | undefined | 'none' {
  if (time !== undefined) return clockOf(digitsOf(time));
  return hour === undefined ? undefined : clockOf(`${hour}${minute ?? ''}`);
}

/** hh, hhmm or hhmmss. */
function clockOf(digits: string): Span | 'none' {
  const [hour = 0, minute = 0, second = 0] = (digits.match(/../g) ?? []).map(Number);
  if (hour > 23 || minute > 59 || second > 59) return 'none';
  const spanMs = digits.length >= 6 ? 1000 : digits.length >= 4 ? 60_000 : hourMs;
  return { timeMs: ((hour * 60 + minute) * 60 + second) * 1000, spanMs };
}

/** The year and number of the ISO week that holds this moment: 2026-W48. */
export function isoWeek(timeMs: number): string {
  const dayOfWeek = (new Date(timeMs).getUTCDay() + 6) % 7;
  const thursday = new Date(timeMs + (3 - dayOfWeek) * dayMs);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}
