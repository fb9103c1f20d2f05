import type { ArchiveEntry } from '../../ports/dump-tools.ts';
import { createSqlLexer } from './sql-lexer.ts';

/** What a plain SQL dump turned out to be, known once it was read to its end. */
export type PlainFindings = {
  readonly entries: readonly ArchiveEntry[];
  readonly dumpedFromVersion: string;
  readonly dumpedByVersion: string;
  readonly encoding: string | undefined;
  /** The last line pg_dump writes was seen, and nothing was left open. */
  readonly isComplete: boolean;
  /** Why it may not be handed to psql: the line and what stands there. */
  readonly refused: { readonly line: number; readonly because: string } | undefined;
};

/**
 * Reads a plain SQL dump as it streams by, and hands on what psql is to run. Left out are the statements pg_restore leaves out
 * with --no-owner and --no-privileges, so that a plain dump restores on a server without its roles as an archive does; and
 * `\restrict KEY`, since whoever could change the dump knows the key that stands in it. Refused is what would act
 * outside of the database it is restored into.
 */
export type PlainDumpReader = {
  take(chunk: Buffer): Buffer;
  end(): Buffer;
  entriesDone(): number;
  findings(): PlainFindings;
};

const newline = 10;
const endOfCopy = Buffer.from('\\.');

/** `-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: nmia` */
const entryLine = /^-- (?:Data for )?Name: (.*); Type: ([A-Z ]+); Schema: (.*?); Owner: /;
/** The comment of an extension belongs to the extension, and needs its owner. */
const ownership =
  /^(ALTER .+ OWNER TO .+|GRANT .+ TO .+|REVOKE .+ FROM .+|ALTER DEFAULT PRIVILEGES .+|COMMENT ON EXTENSION .+);$/;
const session = /^SET SESSION AUTHORIZATION .+;$/;
const restriction = /^\\(un)?restrict( \S+)?$/;

export function createPlainDumpReader(): PlainDumpReader {
  const lexer = createSqlLexer();
  const entries: ArchiveEntry[] = [];
  const about = new Map<string, string>();
  let pending: Buffer = Buffer.alloc(0);
  let inCopy = false;
  let sawEnd = false;
  let lineNumber = 0;
  let refused: PlainFindings['refused'];

  function refuse(because: string): void {
    refused ??= { line: lineNumber, because };
  }

  /** @returns whether the line is handed on. */
  function readLine(bytes: Buffer): boolean {
    lineNumber += 1;
    const line = bytes.toString('latin1').replace(/\r$/, '');
    const wasBetween = lexer.isBetween();
    if (wasBetween && restriction.test(line)) return false;
    if (wasBetween && line.startsWith('--')) {
      readComment(bytes.toString('utf8'));
      return true;
    }
    const { hasMetaCommand } = lexer.take(line);
    if (hasMetaCommand) refuse(`a command for psql itself: ${line.slice(0, 60)}`);
    if (!lexer.isBetween()) return true;
    if (/FROM stdin;$/i.test(line) && lexer.firstWord() === 'COPY') inCopy = true;
    if (!wasBetween) return true;
    const trouble = troubleIn(line);
    if (trouble !== undefined) refuse(trouble);
    about.set(
      'encoding',
      /^SET client_encoding = '([^']+)';$/.exec(line)?.[1] ?? about.get('encoding') ?? '',
    );
    return !(ownership.test(line) || session.test(line));
  }

  function readComment(line: string): void {
    const entry = entryLine.exec(line);
    if (entry !== null) {
      const [, name = '', type = '', schema = '-'] = entry;
      entries.push({ id: entries.length + 1, type, ...(schema === '-' ? {} : { schema }), name });
      return;
    }
    const fact = /^-- (Dumped from database version|Dumped by pg_dump version) (.*)$/.exec(line);
    if (fact?.[1] !== undefined) about.set(fact[1], fact[2]?.trim() ?? '');
    if (line.startsWith('-- PostgreSQL database dump complete')) sawEnd = true;
  }

  /** Rows of a COPY pass untouched; only the line that ends them is looked for. */
  function skipRows(bytes: Buffer): number {
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(newline, at);
      if (end < 0) return at;
      lineNumber += 1;
      const length = end - at - (bytes[end - 1] === 13 ? 1 : 0);
      const isEnd = length === 2 && bytes.compare(endOfCopy, 0, 2, at, at + 2) === 0;
      at = end + 1;
      if (isEnd) {
        inCopy = false;
        return at;
      }
    }
  }

  function readWhole(bytes: Buffer): Buffer {
    const kept: Buffer[] = [];
    let at = 0;
    let from = 0;
    while (at < bytes.length) {
      if (inCopy) {
        at += skipRows(bytes.subarray(at));
        continue;
      }
      const end = bytes.indexOf(newline, at);
      const next = end < 0 ? bytes.length : end + 1;
      if (!readLine(bytes.subarray(at, end < 0 ? next : end))) {
        kept.push(bytes.subarray(from, at));
        from = next;
      }
      at = next;
    }
    return from === 0 ? bytes : Buffer.concat([...kept, bytes.subarray(from)]);
  }

  return {
    take(chunk) {
      const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const whole = bytes.lastIndexOf(newline) + 1;
      pending = bytes.subarray(whole);
      return readWhole(bytes.subarray(0, whole));
    },
    end() {
      const rest = pending;
      pending = Buffer.alloc(0);
      return inCopy ? rest : readWhole(rest);
    },
    entriesDone: () => entries.length,
    findings: () => ({
      entries,
      dumpedFromVersion: about.get('Dumped from database version') ?? '',
      dumpedByVersion: about.get('Dumped by pg_dump version') ?? '',
      encoding: about.get('encoding') || undefined,
      isComplete: sawEnd && !inCopy && lexer.isBetween(),
      refused,
    }),
  };
}

/** What would reach beyond the database, or change how the rest of the dump is to be read. */
function troubleIn(line: string): string | undefined {
  const found = /^(CREATE|DROP|ALTER) (DATABASE|ROLE|TABLESPACE|USER(?! MAPPING))\b/i.exec(line);
  if (found !== null) return found[0].toUpperCase();
  if (/^SET standard_conforming_strings = off;$/i.test(line))
    return 'texts written the old way (standard_conforming_strings off)';
  return undefined;
}
