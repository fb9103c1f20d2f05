import type { TocEntry } from '../../base/archive-toc.ts';
import type { DumpRights } from '../../ports/database-rights.ts';

const large = 'large object';

/** What has an owner: how a table of contents calls it, and how the catalogue does (pg_identify_object). */
const kinds: Readonly<Record<string, string>> = {
  AGGREGATE: 'aggregate',
  BLOB: large,
  'BLOB METADATA': large,
  COLLATION: 'collation',
  CONVERSION: 'conversion',
  DOMAIN: 'type',
  'FOREIGN TABLE': 'foreign table',
  FUNCTION: 'function',
  'MATERIALIZED VIEW': 'materialized view',
  OPERATOR: 'operator',
  'OPERATOR CLASS': 'operator class',
  'OPERATOR FAMILY': 'operator family',
  PROCEDURE: 'procedure',
  'PROCEDURAL LANGUAGE': 'language',
  PUBLICATION: 'publication',
  SCHEMA: 'schema',
  SEQUENCE: 'sequence',
  SERVER: 'server',
  'SHELL TYPE': 'type',
  STATISTICS: 'statistics object',
  TABLE: 'table',
  'TEXT SEARCH CONFIGURATION': 'text search configuration',
  'TEXT SEARCH DICTIONARY': 'text search dictionary',
  TYPE: 'type',
  VIEW: 'view',
};

/** What is not for the role of a restore. */
const forAdministrators = new Set([
  ...['ACL', 'DEFAULT ACL', 'EVENT TRIGGER', 'PUBLICATION', 'PUBLICATION TABLES IN SCHEMA'],
  'SUBSCRIPTION',
]);

export type RightsEntry = Omit<TocEntry, 'id' | 'tablespace'>;

export function rightsOfEntries(entries: readonly RightsEntry[]): DumpRights {
  const objects = entries.flatMap((entry) => {
    const kind = kinds[entry.type];
    if (kind === undefined || entry.owner === '') return [];
    const { schema, owner } = entry;
    return namesOf(entry).map((name) => ({ kind, schema, name, owner }));
  });
  const databaseOwner = entries.find(({ type }) => type === 'DATABASE')?.owner;
  const largeObjectOwner = mostOften(objects.flatMap(({ kind, owner }) => (kind === large ? [owner] : [])));
  return {
    // Of large objects there may be millions, and mostly one owner of all.
    objects: objects.filter(({ kind, owner }) => kind !== large || owner !== largeObjectOwner),
    ...(largeObjectOwner === undefined ? {} : { largeObjectOwner }),
    ...(databaseOwner ? { databaseOwner } : {}),
    statements: entries
      .filter(({ type, tag }) => forAdministrators.has(type) && !tag.startsWith('DATABASE '))
      .flatMap((entry) => tagsOf(entry, entries).map((tag) => ({ ...aboutStatement(entry), tag }))),
  };
}

function mostOften(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** What makes a subscription holds the password of its publisher, and is not made: that there is one is all that is kept. */
function aboutStatement({ type, schema, definition }: RightsEntry) {
  return { type, schema, sql: type === 'SUBSCRIPTION' ? '' : definition };
}

/** Since 17 grants that many large objects have alike stand in one entry, written for the first of them (IssueACLPerBlob). */
function tagsOf({ type, tag }: RightsEntry, entries: readonly RightsEntry[]): readonly string[] {
  const [, range] = /^LARGE OBJECTS (.+)$/.exec(type === 'ACL' ? tag : '') ?? [];
  if (range === undefined) return [tag];
  const listed = entries.find((entry) => entry.type === 'BLOB METADATA' && entry.tag === range);
  return listed === undefined ? [tag] : namesOf(listed).map((name) => `LARGE OBJECT ${name}`);
}

/** Since 17 one entry is about many large objects, and lists them. */
function namesOf({ type, tag, definition }: RightsEntry): readonly string[] {
  if (type !== 'BLOB METADATA') return [tag];
  return [...definition.matchAll(/\d+/g)].map(([name]) => name);
}
