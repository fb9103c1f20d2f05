import { type EnvLookup, expandVariables } from './env-variables.ts';
import { fail, type Outcome, succeed } from './failure.ts';

/** One assignment, as it stands in the file. */
export type EnvStatement = {
  readonly name: string;
  readonly value: string;
  /** All of it, from the name to the end of its line: what another reader makes of it can be told from that. */
  readonly source: string;
  /** Variables that it takes from elsewhere and that the file has not set before; empty there for Compose unless somebody sets them. */
  readonly unset: readonly string[];
};

export type EnvFile = {
  /** The last assignment of a name counts. */
  readonly values: ReadonlyMap<string, string>;
  readonly statements: readonly EnvStatement[];
};

/**
 * Reads an env file as Docker Compose does (compose-go, dotenv): what an application in a container gets is what Compose makes of
 * the file, not a shell and not Node. Pinned by a comparison with the real `docker compose config`.
 *
 * @param lookup values from outside the file, which for Compose come before those within.
 * @returns invalid-input with the line where Compose refuses the whole file.
 */
export function readEnvFile(
  text: string,
  { path, lookup = () => undefined }: { readonly path: string; readonly lookup?: EnvLookup },
): Outcome<EnvFile> {
  const values = new Map<string, string>();
  const statements: EnvStatement[] = [];
  const whole = text.replace(/^\uFEFF/, '');
  let at = 0;
  for (;;) {
    at = statementStart(whole, at);
    if (at >= whole.length) return succeed({ values, statements });
    const refuse = (why: string) => fail(refused({ path, text: whole, at, why }));
    const key = readName(whole, at);
    if (typeof key === 'string') return refuse(key);
    const { name } = key;
    if (key.isInherited) {
      const value = lookup(name);
      if (value !== undefined) values.set(name, value);
      at = key.valueAt;
      continue;
    }
    const read = readValue(whole, key.valueAt);
    if (typeof read === 'string') return refuse(`${read} of ${name}`);
    const unset: string[] = [];
    const expanded = read.isLiteral
      ? { value: read.text }
      : expandVariables(read.text, (wanted) => {
          const found = lookup(wanted) ?? values.get(wanted);
          if (found === undefined) unset.push(wanted);
          return found;
        });
    if ('fault' in expanded) return refuse(`${expanded.fault} in the value of ${name}`);
    values.set(name, expanded.value);
    statements.push({
      name,
      value: expanded.value,
      source: whole.slice(at, lineEnd(whole, Math.max(at, read.end - 1))),
      unset,
    });
    at = read.end;
  }
}

/** Blanks as Go has them; a line break ends a name or a value and is no blank there. */
const blank = /[\t\v\f\r \u0085\u00a0]/;
const anySpace = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const trailingSpace = new RegExp(`${anySpace.source}+$`);

function skip(text: string, ...[at, what]: [number, RegExp]): number {
  let next = at;
  while (next < text.length && what.test(text.charAt(next))) next += 1;
  return next;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

function statementStart(text: string, at: number): number {
  let next = skip(text, at, anySpace);
  while (text[next] === '#') next = skip(text, lineEnd(text, next), anySpace);
  return next;
}

type Name = {
  readonly name: string;
  readonly valueAt: number;
  /** A line of nothing but a name: its value is that of the context. */
  readonly isInherited: boolean;
};

/** @returns a fault in words where there is no name. */
function readName(text: string, start: number): Name | string {
  let from = start;
  if (/^export[\t\n\f\r ]/.test(text.slice(start, start + 7))) from = skip(text, start + 6, blank);
  for (let at = from; at < text.length; ) {
    const letter = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (letter === '=' || letter === ':' || letter === '\n') {
      const raw = text.slice(from, at);
      if (raw.replace(trailingSpace, '').includes(' ')) return 'a blank within the name of a variable';
      const isInherited = letter === '\n';
      return {
        name: raw.replace(trailingSpace, ''),
        valueAt: skip(text, at + 1, blank),
        isInherited,
      };
    }
    if (!blank.test(letter) && !/[_.\-[\]\p{L}\p{N}]/u.test(letter))
      return 'a character that no name of a variable may have';
    at += letter.length;
  }
  // A last line without an end and without a sign is, for Compose, the value of a variable without a name.
  return { name: '', valueAt: skip(text, from, blank), isInherited: false };
}

type Value = { readonly text: string; readonly end: number; readonly isLiteral: boolean };

/** @returns a fault in words where a quote is never closed. */
function readValue(text: string, at: number): Value | string {
  const quote = text[at];
  if (quote !== '"' && quote !== "'") {
    const end = lineEnd(text, at);
    const [beforeComment = ''] = text.slice(at, end).split(' #', 1);
    return {
      text: beforeComment.replace(trailingSpace, ''),
      end: Math.min(end + 1, text.length),
      isLiteral: false,
    };
  }
  let content = '';
  for (let next = at + 1; next < text.length; next += 1) {
    const letter = text.charAt(next);
    if (letter === '\\' && next + 1 < text.length) {
      next += 1;
      const escaped = text.charAt(next);
      content += escaped === quote ? quote : `\\${escaped}`;
    } else if (letter !== quote) content += letter;
    else if (quote === "'") return { text: content, end: next + 1, isLiteral: true };
    else return { text: expandEscapes(content), end: next + 1, isLiteral: false };
  }
  return 'a quote that is never closed in the value';
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  '\\': '\\',
  $: '$$',
};

/** Only within double quotes. What Go would not unescape stays, but for the nought of an octal number, which is lost. */
function expandEscapes(text: string): string {
  return text.replace(/\\(?:[abcfnrtv$"\\]|0\d{0,3})/g, (found) => {
    const simple = simpleEscapes[found.charAt(1)];
    if (simple !== undefined) return simple;
    if (!found.startsWith('\\0')) return found;
    const digits = found.slice(2);
    const code = /^[0-7]{3}$/.test(digits) ? Number.parseInt(digits, 8) : 256;
    return code > 255 ? `\\${digits}` : String.fromCodePoint(code);
  });
}

function refused(place: {
  readonly path: string;
  readonly text: string;
  readonly at: number;
  readonly why: string;
}) {
  const line = place.text.slice(0, place.at).split('\n').length;
  return {
    code: 'invalid-input',
    message: `${place.path} cannot be read as Docker Compose reads it: line ${line} has ${place.why}.`,
    remedy: 'Correct that line: Compose refuses the whole file, and starts nothing that uses it.',
    retry: 'after-fix',
  } as const;
}
