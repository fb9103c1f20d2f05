import { type ArchiveHeader, isCustomArchive, readHeaderFrom } from './archive-header.ts';
import type { Outcome } from './failure.ts';
import { succeed } from './failure.ts';

/** What an archive says of itself before its first row: enough to hold it against what was counted. */
export type ArchiveToc = {
  readonly header: ArchiveHeader;
  /** undefined for an archive of a newer kind than we know how to read. */
  readonly contents: ArchiveData | undefined;
};

export type ArchiveData = {
  /** How many tables it makes; partitioned ones are counted as well as their partitions. */
  readonly tablesMade: number;
  /** Tables whose rows are in it. */
  readonly tables: readonly { readonly schema: string; readonly name: string }[];
  /**
   * The values that a restore sets. Sequences belong to no snapshot in PostgreSQL, so what pg_dump read is the only exact
   * truth about what the archive holds. null: never called.
   */
  readonly sequences: readonly {
    readonly schema: string;
    readonly name: string;
    readonly lastValue: string | null;
  }[];
  readonly entries: readonly TocEntry[];
};

/** One entry as the archive has it, names of any signs included. Texts that it does not have are empty. */
export type TocEntry = {
  readonly id: number;
  /** TABLE, ACL, DEFAULT ACL, … */
  readonly type: string;
  readonly schema: string;
  /** What pg_dump calls it: `clients`, `sd(integer, text)`, `COLUMN clients.id`. */
  readonly tag: string;
  readonly owner: string;
  /** Empty for the one of the database. */
  readonly tablespace: string;
  /** The SQL; only of types that are read, since a definition of anything else is for the server alone. */
  readonly definition: string;
};

/** Definitions that somebody reads: each is kept for as long as the table of contents is. Of comments there may be as many as columns. */
const isRead = ({ type, name }: { readonly type: string; readonly name: string }) =>
  read.has(type) || (type === 'COMMENT' && name.startsWith('DATABASE '));
const read = new Set([
  ...['ACL', 'BLOB METADATA', 'DATABASE', 'DATABASE PROPERTIES', 'DEFAULT ACL', 'ENCODING', 'EVENT TRIGGER'],
  ...['EXTENSION', 'PUBLICATION', 'PUBLICATION TABLES IN SCHEMA'],
]);

/** Of pg_dump 17 and 18. */
const newestKnownMinor = 16;

/** SELECT pg_catalog.setval('public.clients_id_seq', 57, true); */
const setValue = /,\s*(-?\d+),\s*(true|false)\);?\s*$/;

/**
 * Reads the table of contents as WriteToc of pg_backup_archiver.c writes it (archive versions 1.12 to 1.16).
 *
 * @returns undefined when it goes on behind these bytes: ask again with more.
 */
export function readArchiveToc(bytes: Uint8Array): Outcome<ArchiveToc | undefined> {
  const head = readHeaderFrom(bytes);
  if (!head.ok) return head;
  const { header, reader, offsetBytes } = head.value;
  const minor = Number(header.archiveVersion.split('.')[1]);
  if (minor > newestKnownMinor) return succeed({ header, contents: undefined });
  const tables: { schema: string; name: string }[] = [];
  const sequences: { schema: string; name: string; lastValue: string | null }[] = [];
  const entries: TocEntry[] = [];
  let tablesMade = 0;
  for (let index = 0; index < header.entryCount; index += 1) {
    const id = reader.int();
    reader.int(); // Whether data belongs to it.
    reader.text(); // Two object ids, as text.
    reader.text();
    const name = reader.text();
    const type = reader.text();
    reader.int(); // Section.
    const definition = reader.text();
    reader.text(); // How to drop it.
    reader.text(); // COPY statement.
    const schema = reader.text();
    const tablespace = reader.text();
    if (minor >= 14) reader.text(); // Table access method.
    if (minor >= 16) reader.int(); // Kind of relation.
    const owner = reader.text();
    reader.text(); // WITH OIDS, always false.
    while (reader.text() !== '' && !reader.ranOut()); // Dependencies, ended by a null pointer.
    // Where its data begins: a place in the custom format, the name of a file in the others.
    if (header.format === 'custom') reader.skip(1 + offsetBytes);
    else reader.text();
    if (reader.ranOut()) return succeed(undefined);
    const kept = isRead({ type, name }) ? definition : '';
    entries.push({ id, type, schema, tag: name, owner, tablespace, definition: kept });
    if (type === 'TABLE') tablesMade += 1;
    if (type === 'TABLE DATA') tables.push({ schema, name });
    if (type === 'SEQUENCE SET') {
      const [, value = '', called] = setValue.exec(definition) ?? [];
      sequences.push({ schema, name, lastValue: called === 'true' ? value : null });
    }
  }
  return succeed({ header, contents: { tablesMade, tables, sequences, entries } });
}

const tarBlockBytes = 512;

/** The table of contents in a tar, as far as these bytes reach. */
export function findToc(
  head: Uint8Array,
): { readonly content: Uint8Array; readonly isFirst: boolean } | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  for (let at = 0; at + tarBlockBytes <= bytes.length; ) {
    const name = bytes
      .subarray(at, at + 100)
      .toString('utf8')
      .replace(/\0.*$/s, '');
    const sizeBytes = Number.parseInt(bytes.subarray(at + 124, at + 136).toString('latin1'), 8);
    if (name === '' || Number.isNaN(sizeBytes)) break;
    const content = bytes.subarray(at + tarBlockBytes, at + tarBlockBytes + sizeBytes);
    if (/(^|\/)toc\.dat$/.test(name) && isCustomArchive(content))
      return { content, isFirst: name === 'toc.dat' && at === 0 };
    at += tarBlockBytes + Math.ceil(sizeBytes / tarBlockBytes) * tarBlockBytes;
  }
  return undefined;
}
