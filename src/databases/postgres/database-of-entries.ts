import type { TocEntry } from '../../base/archive-toc.ts';
import type { ArchiveContents, DumpedTablespace } from '../../ports/dump-tools.ts';
import { readCreateDatabase, readCreateExtension } from './pg-restore-list.ts';
import { readRights } from './read-rights.ts';

type Entry = Pick<TocEntry, 'type' | 'tag' | 'definition'>;

/**
 * What a dump says of the database itself: how it was made, what was set for it, and what only its administrator may make in it. An archive
 * always says it, plain SQL only with --create.
 */
export function databaseOfEntries(
  entries: readonly (Entry & { readonly tablespace: string })[],
): Pick<ArchiveContents, 'locale' | 'database' | 'tablespace' | 'tablespaces' | 'extensions'> {
  const definitions = (wanted: string) =>
    entries.flatMap(({ type, definition }) => (type === wanted ? [definition.trim()] : []));
  const encoding = /^SET client_encoding = '([^']+)';/.exec(definitions('ENCODING')[0] ?? '')?.[1];
  const created = readCreateDatabase(definitions('DATABASE')[0] ?? '');
  return {
    locale: { ...(encoding === undefined ? {} : { encoding }), ...created?.locale },
    ...(created?.tablespace === undefined ? {} : { tablespace: created.tablespace }),
    ...settingsOf(entries),
    tablespaces: tablespacesOf(entries),
    extensions: definitions('EXTENSION').flatMap((definition) => readCreateExtension(definition) ?? []),
  };
}

/** Nothing where the dump was made without it. */
function settingsOf(entries: readonly Entry[]): Pick<ArchiveContents, 'database'> {
  if (!entries.some(({ type }) => type === 'DATABASE')) return {};
  const isAbout = ({ type, tag }: Entry) =>
    type === 'DATABASE PROPERTIES' || (type === 'ACL' && tag.startsWith('DATABASE '));
  const [searchPath] = entries
    .filter(({ type }) => type === 'DATABASE PROPERTIES')
    .flatMap(({ definition }) => readRights(definition))
    .flatMap((one) =>
      one.kind === 'setting' && one.role === undefined && one.name === 'search_path' ? [one.values] : [],
    );
  const [comment] = entries
    .filter(({ type, tag }) => type === 'COMMENT' && tag.startsWith('DATABASE '))
    .flatMap(({ definition }) => readRights(definition))
    .flatMap((statement) => (statement.kind === 'comment' ? [statement.text] : []));
  return {
    database: {
      ...(comment === undefined ? {} : { comment }),
      ...(searchPath === undefined ? {} : { searchPath }),
      statements: entries.filter(isAbout).map(({ definition }) => definition),
    },
  };
}

/** Without a name of its own an object is where its database is. */
function tablespacesOf(entries: readonly Pick<TocEntry, 'tablespace'>[]): readonly DumpedTablespace[] {
  const named = Map.groupBy(
    entries.filter(({ tablespace }) => tablespace !== ''),
    ({ tablespace }) => tablespace,
  );
  return [...named].map(([name, there]) => ({ name, objects: there.length }));
}
