import type { DumpRights } from '../../ports/database-rights.ts';
import type { ArchiveEntry } from '../../ports/dump-tools.ts';
import { passRows } from './copy-rows.ts';
import { databaseOfEntries } from './database-of-entries.ts';
import { readCreateExtension } from './pg-restore-list.ts';
import {
  commentOnLeftOut,
  connection,
  dropping,
  entryLine,
  leftOut,
  ofAllTables,
  ownerOf,
  ownership,
  place,
  restriction,
  session,
  setting,
  settingName,
  troubleIn,
} from './plain-lines.ts';
import { brokenName } from './plain-names.ts';
import { type RightsEntry, rightsOfEntries } from './rights-of-entries.ts';
import { createSqlLexer, type SqlLexer } from './sql-lexer.ts';

/** What a plain SQL dump turned out to be, known once it was read to its end. */
export type PlainFindings = {
  readonly entries: readonly ArchiveEntry[];
  readonly dumpedFromVersion: string;
  readonly dumpedByVersion: string;
  readonly encoding: string | undefined;
  readonly extensions: readonly { readonly name: string; readonly schema: string }[];
  readonly rights: DumpRights;
  /** Of the database itself only where the dump was made with --create. */
  readonly itself: ReturnType<typeof databaseOfEntries>;
  /** The last line pg_dump writes was seen, and nothing was left open. */
  readonly isComplete: boolean;
  /** Why it may not be handed to psql: the line and what stands there. */
  readonly refused:
    | {
        readonly line: number;
        readonly because: string;
        /** A command for psql, not for the server. */
        readonly isHostile: boolean;
      }
    | undefined;
};

/**
 * Reads a plain SQL dump as it streams by, and hands on what psql is to run. Left out are the statements pg_restore leaves out
 * with --no-owner and --no-privileges, and what only an administrator may make: rights are put back afterwards, from what
 * the findings hold of them. Left out is `\restrict KEY`, too, since psql already stands under a word of ours, and one inside it would stop it. Refused is what would
 * act outside of the database it is restored into. This reading is the second line only: a dump can be written so that psql
 * reads it otherwise, and then psql itself refuses what is not for the server (restrict-psql.ts).
 */
export type PlainDumpReader = {
  /** What is left out leaves its empty line, so that lines keep their numbers. */
  take(chunk: Buffer): Buffer;
  end(): Buffer;
  entriesDone(): number;
  /** Those of pg_dump for its own session, as they are in force behind that line: one line each. */
  settingsUntil(line: number, without: ReadonlySet<number>): readonly string[];
  /** Where the statement begins that ends in that line; undefined for rows, for comments, and for what began long ago. */
  statementFrom(line: number): number | undefined;
  findings(): PlainFindings;
};

const newline = 10;
const byteOrderMark = Buffer.from('\uFEFF');

/** Left out is where things are to be (inOnePlace), and that nothing is found without its schema (searchPath). */
export function createPlainDumpReader(
  options: { readonly inOnePlace?: boolean; readonly searchPath?: readonly string[] | undefined } = {},
): PlainDumpReader {
  const state: State = {
    inOnePlace: options.inOnePlace === true,
    hasSearchPath: options.searchPath !== undefined,
    lexer: createSqlLexer(),
    entries: [],
    about: new Map(),
    extensions: [],
    rights: [],
    notMade: new Set(),
    isLeftOut: false,
    inCopy: false,
    sawEnd: false,
    line: 0,
    refused: undefined,
    settings: [],
    named: undefined,
    begun: [],
  };
  let pending: Buffer = Buffer.alloc(0);
  let isFirst = true;
  return {
    take(chunk) {
      const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const whole = bytes.lastIndexOf(newline) + 1;
      pending = bytes.subarray(whole);
      // psql takes it from its first line alone, and that is ours.
      const from = isFirst && whole > 0 && bytes.indexOf(byteOrderMark) === 0 ? byteOrderMark.length : 0;
      if (whole > 0) isFirst = false;
      return readWhole(state, bytes.subarray(from, whole));
    },
    end() {
      const rest = pending;
      pending = Buffer.alloc(0);
      return state.inCopy ? rest : readWhole(state, rest);
    },
    entriesDone: () => state.entries.length,
    settingsUntil: (line, without) => {
      const inForce = state.settings.filter((one) => one.line <= line && !without.has(one.line));
      return [...new Map(inForce.map(({ name, text }) => [name, text])).values()];
    },
    statementFrom: (line) => state.begun.findLast((one) => one.from <= line && one.until >= line)?.from,
    findings: () => ({
      entries: state.entries,
      dumpedFromVersion: state.about.get('Dumped from database version') ?? '',
      dumpedByVersion: state.about.get('Dumped by pg_dump version') ?? '',
      encoding: state.about.get('encoding'),
      extensions: state.extensions,
      rights: rightsOfEntries(definitionsOf(state)),
      itself: databaseOfEntries(definitionsOf(state)),
      isComplete: state.sawEnd && !state.inCopy && state.lexer.isBetween(),
      refused: state.refused,
    }),
  };
}

type State = {
  readonly inOnePlace: boolean;
  readonly hasSearchPath: boolean;
  readonly lexer: SqlLexer;
  readonly entries: ArchiveEntry[];
  readonly about: Map<string, string>;
  readonly extensions: { readonly name: string; readonly schema: string }[];
  readonly rights: (Omit<RightsEntry, 'definition'> & {
    readonly tablespace: string;
    readonly lines: string[];
  })[];
  /** Publications of all tables: a comment on one would find nothing. */
  readonly notMade: Set<string>;
  /** The statements of the entry that is read now are not handed on. */
  isLeftOut: boolean;
  inCopy: boolean;
  sawEnd: boolean;
  line: number;
  refused: PlainFindings['refused'];
  readonly settings: { readonly line: number; readonly name: string; readonly text: string }[];
  /** The first statement below a comment whose name may have had line breaks. */
  named: string | undefined;
  /** The last statements, by the lines where they begin and end. */
  begun: { readonly from: number; until: number }[];
};

const mostBegun = 200_000;

function noteStatement(state: State, wasBetween: boolean): void {
  if (wasBetween) {
    if (state.begun.length >= mostBegun) state.begun = state.begun.slice(mostBegun / 2);
    state.begun.push({ from: state.line, until: state.line });
    return;
  }
  const last = state.begun.at(-1);
  if (last !== undefined) last.until = state.line;
}

/** What the comment says in one line. */
function noteName(state: State, written: string): void {
  const [entry, rights] = [state.entries.pop(), state.rights.pop()];
  if (entry === undefined || rights === undefined) return;
  const name = brokenName(written, entry.name) ?? entry.name;
  state.entries.push({ ...entry, name });
  state.rights.push({ ...rights, tag: name });
  state.named = name !== entry.name || state.lexer.isBetween() ? undefined : written;
}

function definitionsOf({ rights }: State) {
  return rights.map(({ lines, ...entry }) => ({ ...entry, definition: lines.join('\n') }));
}

/** Whole lines in, the lines that are handed on out. */
function readWhole(state: State, bytes: Buffer): Buffer {
  const kept: Buffer[] = [];
  let at = 0;
  let from = 0;
  while (at < bytes.length) {
    if (state.inCopy) {
      const passed = passRows(bytes.subarray(at));
      state.line += passed.lines;
      state.inCopy = !passed.isEnd;
      at += passed.until;
      continue;
    }
    const end = bytes.indexOf(newline, at);
    const next = end < 0 ? bytes.length : end + 1;
    if (!readLine(state, bytes.subarray(at, end < 0 ? next : end))) {
      kept.push(bytes.subarray(from, at));
      from = end < 0 ? next : end;
    }
    at = next;
  }
  return from === 0 ? bytes : Buffer.concat([...kept, bytes.subarray(from)]);
}

/** @returns whether the line is handed on. */
function readLine(state: State, bytes: Buffer): boolean {
  const { lexer, about } = state;
  state.line += 1;
  const line = bytes.toString('latin1').replace(/\r$/, '');
  const wasBetween = lexer.isBetween();
  const isOfDatabase = /^DATABASE/.test(state.rights.at(-1)?.type ?? '');
  if (wasBetween && (restriction.test(line) || (isOfDatabase && connection.test(line)))) return false;
  const { hasMetaCommand, isAmbiguous } = lexer.take(line);
  const shown = () => line.slice(0, 60).replace(/[^ -~]/g, '?');
  const refuse = (because: string, isHostile: boolean) => {
    state.refused ??= { line: state.line, because, isHostile };
  };
  if (hasMetaCommand) refuse(`a command for psql itself: ${shown()}`, true);
  if (isAmbiguous) refuse(`what psql reads otherwise than it looks: ${shown()}`, true);
  const isLeftOut = isOfDatabase || (state.entries.length === 0 && dropping.test(line));
  const trouble = wasBetween && !isLeftOut ? troubleIn(line) : undefined;
  if (trouble !== undefined) refuse(trouble, false);
  if (wasBetween && line.startsWith('--')) {
    readComment(state, bytes.toString('utf8'));
    return true;
  }
  noteStatement(state, wasBetween);
  if (state.named !== undefined && line !== '' && !setting.test(line))
    noteName(state, `${state.named}${bytes.toString('utf8')}\n`);
  if (wasBetween && ofAllTables.test(line)) leaveOutPublication(state);
  const entry = state.rights.at(-1);
  const isAbout = !(wasBetween && (settingName.test(line) || setting.test(line) || ownerOf.test(line)));
  if (entry !== undefined && isAbout && (state.isLeftOut || entry.type === 'BLOB METADATA'))
    entry.lines.push(bytes.toString('utf8').replace(/\r$/, ''));
  if (state.isLeftOut) return wasBetween && setting.test(line) && !(state.inOnePlace && place.test(line));
  if (!lexer.isBetween()) return true;
  if (/FROM stdin;$/i.test(line) && lexer.firstWord() === 'COPY') state.inCopy = true;
  if (!wasBetween) return true;
  const name = settingName
    .exec(line)
    ?.slice(1)
    .find((one) => one !== undefined);
  if (name === 'search_path' && state.hasSearchPath) return false;
  if (name !== undefined) state.settings.push({ line: state.line, name, text: line });
  // A new database has nothing to drop.
  if (state.entries.length === 0 && dropping.test(line)) return false;
  const encoding = /^SET client_encoding = '([^']+)';$/.exec(line)?.[1];
  if (encoding !== undefined) about.set('encoding', encoding);
  const extension = readCreateExtension(line);
  if (extension !== undefined) state.extensions.push(extension);
  return !(ownership.test(line) || session.test(line) || (state.inOnePlace && place.test(line)));
}

function readComment(state: State, line: string): void {
  const entry = entryLine.exec(line);
  if (entry !== null) {
    const [, name = '', type = '', schema = '-', owner = ''] = entry;
    // Nothing stands there where there is none.
    const [, role = '', tablespace = ''] = /^ ?(.*?)(?:; Tablespace: (.*))?$/.exec(owner) ?? [];
    const id = state.entries.length + 1;
    state.named = name.includes(' ') ? '' : undefined;
    state.entries.push({ id, type, ...(schema === '-' ? {} : { schema }), name });
    state.rights.push({
      type,
      schema: schema === '-' ? '' : schema,
      tag: name,
      owner: role === '-' ? '' : role,
      tablespace,
      lines: [],
    });
    const isOfLeftOut = type === 'COMMENT' && (commentOnLeftOut.test(name) || state.notMade.has(name));
    state.isLeftOut = leftOut.has(type) || isOfLeftOut;
    return;
  }
  const fact = /^-- (Dumped from database version|Dumped by pg_dump version) (.*)$/.exec(line);
  if (fact?.[1] !== undefined) state.about.set(fact[1], fact[2]?.trim() ?? '');
  if (line.startsWith('-- PostgreSQL database dump complete')) state.sawEnd = true;
}

function leaveOutPublication(state: State): void {
  const entry = state.rights.at(-1);
  if (entry?.type !== 'PUBLICATION') return;
  state.isLeftOut = true;
  state.notMade.add(`PUBLICATION ${entry.tag}`);
}
