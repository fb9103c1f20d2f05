/** How numbers are read and written. The screen, the plain output and the record all use these. */

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** One unit, at most three figures: 412 MB, 1.5 GB, 0 B. Decimal units. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const figures = unit === 0 || value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2;
  const text = value.toFixed(figures);
  return `${figures > 0 ? text.replace(/\.?0+$/, '') : text} ${sizeUnits[unit]}`;
}

/** What `formatBytes` writes, and nothing else: 500 MB, 1.5 TB. */
export function parseBytes(text: string): number | undefined {
  const [, figures, unit = ''] = /^(\d+(?:\.\d+)?) ?([kMGTP]?B)$/.exec(text) ?? [];
  const power = sizeUnits.map(String).indexOf(unit);
  return figures === undefined || power < 0 ? undefined : Number(figures) * 1000 ** power;
}

/** m:ss below an hour, h:mm:ss above. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const pad = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}

/** An age or a loss in words: 41 min, 2 h 41, 3 d 4 h. */
export function formatSpan(durationMs: number): string {
  const minutes = Math.floor(Math.max(0, durationMs) / 60_000);
  if (minutes < 1) return `${Math.floor(Math.max(0, durationMs) / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours < 48) return rest === 0 ? `${hours} h` : `${hours} h ${String(rest).padStart(2, '0')}`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** 5004 is written 5,004. */
export function formatCount(count: number): string {
  return Math.trunc(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 2026-04-28 14:07:31 UTC, from a time in milliseconds since 1970. */
export function formatTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Reads 90s, 30m, 1h, 1h 30m. Returns undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  // "1 0s" is a slip of the hand, not ten seconds: spaces stand between parts, or between a number and its unit.
  if (!/^\s*(\d+\s*(ms|s|min|m|h|d)\s*)+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)\s*(ms|min|s|m|h|d)/g)) {
    totalMs += Number(amount) * (durationUnitsMs[unit ?? ''] ?? 0);
  }
  return totalMs;
}
