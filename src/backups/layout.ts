import type { Layer } from '../ports/unpacker.ts';
import { type Groups, readNamedTime } from './named-time.ts';
import { layersOf } from './wrapping.ts';

/**
 * A key layout says where a store keeps its dumps, so that a store filled by somebody else's scripts works as it is:
 * `pg/{host}/{date}/{hour}.dump.gz[.gpg]`. Square brackets hold an ending that may be missing. The last endings say how
 * the dump is wrapped (`wrapping.ts`). A layout that names no time is read as well: then the store's own time of the upload counts.
 */
export type Layout = {
  readonly pattern: string;
  /** What stands before the first named part: the prefix to list. */
  readonly prefix: string;
  match(key: string): LayoutMatch | undefined;
};

export type LayoutMatch = {
  /** What the name says, in milliseconds since 1970, UTC; undefined when the layout names no day, week or month. */
  readonly namedTimeMs?: number;
  /** How wide the name's time is: an hour for {hour}, a day for {date} alone, a second for {timestamp}, a week for {week}. */
  readonly namedSpanMs: number;
  readonly host?: string;
  readonly tier?: string;
  readonly layers: readonly Layer[];
};

type LayoutFault = { readonly fault: string };

const parts: Readonly<Record<string, string>> = {
  host: '[^/]+',
  tier: '[^/]+',
  name: '[^/]+',
  /** Letters, digits and dashes: what a program counts or draws, such as a UUID. */
  id: '[0-9A-Za-z-]+',
  /** Whatever stands there, slashes as well. */
  any: '.+',
  date: '\\d{4}[-_.]?\\d{2}[-_.]?\\d{2}',
  year: '\\d{4}',
  month: '(?:\\d{4}[-_.]?)?\\d{2}',
  day: '\\d{2}',
  week: '\\d{4}[-_.]?[Ww]?\\d{2}',
  hour: '\\d{2}',
  minute: '\\d{2}',
  time: '\\d{2}[:h._-]?\\d{2}(?:[:m._-]?\\d{2})?[Zz]?',
  timestamp: '\\d{4}-?\\d{2}-?\\d{2}[T_-]?\\d{2}[:-]?\\d{2}(?:[:-]?\\d{2})?Z?',
};

export function parseLayout(pattern: string): Layout | LayoutFault {
  const unknown = [...pattern.matchAll(/\{([^}]*)\}/g)]
    .map(([, name]) => name ?? '')
    .filter((name) => !Object.hasOwn(parts, name));
  if (unknown.length > 0) {
    return {
      fault: `{${unknown.join('}, {')}} is not a named part; known are {${Object.keys(parts).join('}, {')}}.`,
    };
  }
  const fault = timeFault(pattern);
  if (fault !== undefined) return { fault };
  if (pattern.startsWith('/')) return { fault: 'Keys do not begin with a slash.' };
  const unpaired = findUnpaired(pattern);
  if (unpaired !== undefined)
    return { fault: `A ${unpaired} stands alone: brackets and braces come in pairs.` };
  const expression = new RegExp(`^${toExpression(pattern)}$`);
  return {
    pattern,
    prefix: pattern.replace(/[{[].*$/, ''),
    match: (key) => {
      const found = expression.exec(key);
      return found === null
        ? undefined
        : readMatch(key, { groups: found.groups ?? {}, namesTime: namesTime(pattern) });
    },
  };
}

/** Whether a dump's own name says when it was made. */
export function namesTime(pattern: string): boolean {
  return /\{(date|timestamp|week|month)\}/.test(pattern);
}

/** An hour of no day, a day of no month: it would be read as one of any other. */
function timeFault(pattern: string): string | undefined {
  const has = (part: string) => pattern.includes(`{${part}}`);
  const dated = has('date') || has('timestamp') || (has('year') && has('month') && has('day'));
  if (!dated && ['hour', 'minute', 'time'].some(has))
    return 'The layout names an hour and no day: it needs {date}, or {year}, {month} and {day}.';
  if (!has('month') && (has('year') || has('day')))
    return 'The layout names a year or a day and no month: it needs {month} as well, or {date}.';
  if (has('day') && !has('year'))
    return 'The layout names a day and no year: it needs {year} as well, or {date}.';
  return undefined;
}

function findUnpaired(pattern: string): string | undefined {
  let open = 0;
  for (const [sign] of pattern.replace(/\{[^{}]*\}/g, '').matchAll(/[[\]{}]/g)) {
    if (sign === '{' || sign === '}') return sign;
    open += sign === '[' ? 1 : -1;
    if (open < 0) return ']';
  }
  return open > 0 ? '[' : undefined;
}

function toExpression(pattern: string): string {
  const used = new Set<string>();
  return pattern
    .split(/(\{[^}]+\}|\[|\])/)
    .map((piece) => {
      if (piece === '[') return '(?:';
      if (piece === ']') return ')?';
      const name = /^\{([^}]+)\}$/.exec(piece)?.[1];
      if (name === undefined) return piece.replace(/[.*+?^${}()|\\/]/g, '\\$&');
      if (name === 'any') return parts.any;
      // A part that stands twice must say the same thing twice.
      if (used.has(name)) return `\\k<${name}>`;
      used.add(name);
      return `(?<${name}>${parts[name]})`;
    })
    .join('');
}

function readMatch(
  key: string,
  { groups, namesTime }: { readonly groups: Groups; readonly namesTime: boolean },
): LayoutMatch | undefined {
  const time = namesTime ? readNamedTime(groups) : undefined;
  if (namesTime && time === undefined) return undefined;
  return {
    ...(time === undefined ? {} : { namedTimeMs: time.timeMs }),
    namedSpanMs: time?.spanMs ?? 0,
    ...(groups.host === undefined ? {} : { host: groups.host }),
    ...(groups.tier === undefined ? {} : { tier: groups.tier }),
    layers: layersOf(key),
  };
}
