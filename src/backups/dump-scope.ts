import { findToc, readArchiveToc } from '../base/archive-toc.ts';
import type { DumpHead } from './dump-head.ts';

/** What a dump holds of its tables: their definitions alone (pg_dump --schema-only), their rows alone, or both. */
export type DumpScope = {
  readonly holds: 'schema' | 'rows' | 'both';
  /** Tables it makes, as far as they were counted. */
  readonly tables: number;
  /** That it makes; left out where that was not read. */
  readonly extensions?: readonly string[];
  /** Roles that own what it makes; left out where that was not read. */
  readonly owners?: readonly string[];
};

/**
 * How far to look, step by step. An archive says in its first bytes what it holds; a plain dump shows it where the rows of the first
 * table begin, behind the definitions of all of them.
 */
export function scopeLooksBytes(format: DumpHead['format']): readonly number[] {
  const looks = [256 * 1024, 4 * 1024 * 1024];
  // In the tar of a directory the table of contents may stand behind everything: that is not worth fetching it for.
  return format === 'directory' ? looks : [...looks, 64 * 1024 * 1024];
}

/**
 * @param dump.isWhole there is nothing behind these bytes.
 * @returns undefined when these bytes do not tell.
 */
export function readDumpScope(dump: {
  readonly format: DumpHead['format'];
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}): DumpScope | undefined {
  if (dump.format === 'plain') return readPlainScope(dump);
  const archive = dump.format === 'custom' ? dump.bytes : findToc(dump.bytes)?.content;
  const toc = archive === undefined ? undefined : readArchiveToc(archive);
  const contents = toc?.ok ? toc.value?.contents : undefined;
  if (contents === undefined) return undefined;
  const extensions = contents.entries.filter(({ type }) => type === 'EXTENSION').map(({ tag }) => tag);
  const owners = distinct(contents.entries.map(({ owner }) => owner));
  return { ...scopeOf({ made: contents.tablesMade, filled: contents.tables.length }), extensions, owners };
}

/** The same of the table of contents of a dump that was unpacked. */
export function scopeOfEntries(entries: readonly { readonly type: string }[]): DumpScope {
  const count = (wanted: string) => entries.filter(({ type }) => type === wanted).length;
  return scopeOf({ made: count('TABLE'), filled: count('TABLE DATA') });
}

/** A table without rows is filled, too, with none; a database without tables is whole. */
function scopeOf({ made, filled }: { readonly made: number; readonly filled: number }): DumpScope {
  const holds = made > 0 && filled === 0 ? 'schema' : made === 0 && filled > 0 ? 'rows' : 'both';
  return { holds, tables: Math.max(made, filled) };
}

/** `-` is what a dump without owners says. */
function distinct(owners: readonly string[]): readonly string[] {
  return [...new Set(owners)].filter((owner) => owner !== '' && owner !== '-').sort();
}

/** pg_dump's own comments: a statement at the beginning of a line may as well stand in the body of a function. */
const definition = /^-- Name: .*; Type: TABLE; Schema: /gm;
const rows = /^-- Data for Name: .*; Type: TABLE DATA; Schema: /m;
const owned = /^-- Name: .*?; Type: [A-Z ]+; Schema: .*?; Owner: (.+?)(?:; Tablespace: .+)?$/gm;
const end = /^-- PostgreSQL database dump complete/m;

function readPlainScope(dump: {
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}): DumpScope | undefined {
  const { buffer, byteOffset, byteLength } = dump.bytes;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const text = bytes.toString('latin1');
  const firstRows = rows.exec(text);
  // What was cut off does not tell what it held.
  if (firstRows === null && !(dump.isWhole && end.test(text))) return undefined;
  const before = text.slice(0, firstRows?.index ?? text.length);
  const utf8 = bytes.subarray(0, before.length).toString('utf8');
  const owners = distinct([...utf8.matchAll(owned)].flatMap(([, owner]) => owner ?? []));
  return {
    ...scopeOf({ made: before.match(definition)?.length ?? 0, filled: firstRows === null ? 0 : 1 }),
    owners,
  };
}
