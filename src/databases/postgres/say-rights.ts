import { sqlName, sqlText } from '../../base/quoting.ts';
import type { Grant } from './read-rights.ts';

export function sayPrivileges({ privileges }: Grant): string {
  return privileges
    .map(({ name, column }) => (column === undefined ? name : `${name} (${sqlName(column)})`))
    .join(', ');
}

export function sayGrant(grant: Grant, on: string): string {
  const { verb, optionOnly, grantee, withOption } = grant;
  const to = grantee === undefined ? 'PUBLIC' : sqlName(grantee);
  const what = `${optionOnly ? 'GRANT OPTION FOR ' : ''}${sayPrivileges(grant)} ON ${on}`;
  return verb === 'GRANT'
    ? `GRANT ${what} TO ${to}${withOption ? ' WITH GRANT OPTION' : ''}`
    : `REVOKE ${what} FROM ${to}`;
}

/** Stored as lists of quoted names; given back as one text they would become a single name (see pg_dump, dumputils.c). */
const listSettings = new Set(
  'local_preload_libraries search_path session_preload_libraries shared_preload_libraries temp_tablespaces unix_socket_directories'.split(
    ' ',
  ),
);

/** What stands behind SET. Names with a dot belong to extensions and applications: each part is quoted by itself. */
export function saySetting(name: string, values: readonly string[]): string {
  const words = name.split('.').map(sqlName).join('.');
  return `${words} TO ${values.length === 0 ? "''" : values.map(sqlText).join(', ')}`;
}

/** @param value as the catalogue has it. */
export function settingValues(name: string, value: string): readonly string[] {
  if (!listSettings.has(name.toLowerCase())) return [value];
  return [...value.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
  );
}
