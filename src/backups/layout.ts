import type { Layer } from '../ports/unpacker.ts';
import { layersOf } from './wrapping.ts';

/**
 * A key layout says where a store keeps its dumps, so that a store filled by somebody else's scripts works as it is:
 * `pg/{host}/{date}/{hour}.dump.gz[.gpg]`. Square brackets hold an ending that may be missing. The last endings say how
 * the dump is wrapped (`wrapping.ts`).
 */
export type Layout = {
  readonly pattern: string;
  /** What stands before the first named part: the prefix to list. */
  readonly prefix: string;
  match(key: string): LayoutMatch | undefined;
};

export type LayoutMatch = {
  /** What the name says, in milliseconds since 1970, UTC; undefined when the layout names no date. */
  readonly namedTimeMs?: number;
  /** How wide the name's time is: an hour for {hour}, a day for {date} alone, a second for {timestamp}. */
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
  date: '\\d{4}-\\d{2}-\\d{2}',
  hour: '\\d{2}',
  minute: '\\d{2}',
  timestamp: '\\d{4}-?\\d{2}-?\\d{2}[T_-]?\\d{2}[:-]?\\d{2}[:-]?\\d{2}Z?',
};

const hourMs = 3_600_000;

export function parseLayout(pattern: string): Layout | LayoutFault {
  const unknown = [...pattern.matchAll(/\{([^}]*)\}/g)]
    .map(([, name]) => name ?? '')
    .filter((name) => !Object.hasOwn(parts, name));
  if (unknown.length > 0) {
    return {
      fault: `{${unknown.join('}, {')}} is not a named part; known are {${Object.keys(parts).join('}, {')}}.`,
    };
  }
  if (!/\{(date|timestamp)\}/.test(pattern))
    return { fault: 'The layout names no time: it needs {date} or {timestamp}.' };
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
      return found === null ? undefined : readMatch(key, found.groups ?? {});
    },
  };
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
      // A part that stands twice must say the same thing twice.
      if (used.has(name)) return `\\k<${name}>`;
      used.add(name);
      return `(?<${name}>${parts[name]})`;
    })
    .join('');
}

function readMatch(
  key: string,
  groups: Readonly<Record<string, string | undefined>>,
): LayoutMatch | undefined {
  const time = readTime(groups);
  if (time === undefined) return undefined;
  return {
    namedTimeMs: time.timeMs,
    namedSpanMs: time.spanMs,
    ...(groups.host === undefined ? {} : { host: groups.host }),
    ...(groups.tier === undefined ? {} : { tier: groups.tier }),
    layers: layersOf(key),
  };
}

function readTime(groups: Readonly<Record<string, string | undefined>>) {
  const digits = groups.timestamp?.replace(/\D/g, '');
  const text =
    digits === undefined
      ? `${groups.date}T${groups.hour ?? '00'}:${groups.minute ?? '00'}:00Z`
      : digits.replace(/^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/, '$1-$2-$3T$4:$5:$6Z');
  const timeMs = Date.parse(text);
  // JavaScript takes 30 February for 2 March: a name that is no date is no snapshot.
  if (Number.isNaN(timeMs) || !new Date(timeMs).toISOString().startsWith(text.slice(0, 10))) return undefined;
  const spanMs = digits !== undefined ? 1000 : groups.minute ? 60_000 : groups.hour ? hourMs : 24 * hourMs;
  return { timeMs, spanMs };
}
