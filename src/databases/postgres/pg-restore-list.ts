import type { ArchiveEntry, DatabaseLocale } from '../../ports/dump-tools.ts';

/** Types of more than one word; all others end at the first space. From the tags pg_dump writes, up to version 18. */
const longTypes = [
  'ACCESS METHOD',
  'BLOB METADATA',
  'CHECK CONSTRAINT',
  'DATABASE PROPERTIES',
  'DEFAULT ACL',
  'EVENT TRIGGER',
  'FK CONSTRAINT',
  'FOREIGN DATA WRAPPER',
  'FOREIGN SERVER',
  'FOREIGN TABLE',
  'INDEX ATTACH',
  'LARGE OBJECT',
  'MATERIALIZED VIEW DATA',
  'MATERIALIZED VIEW',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PROCEDURAL LANGUAGE',
  'PUBLICATION TABLES IN SCHEMA',
  'PUBLICATION TABLE',
  'ROW SECURITY',
  'SECURITY LABEL',
  'SEQUENCE OWNED BY',
  'SEQUENCE SET',
  'SHELL TYPE',
  'STATISTICS DATA',
  'SUBSCRIPTION TABLE',
  'TABLE ATTACH',
  'TABLE DATA',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'USER MAPPING',
] as const;

/** `215; 1259 16386 TABLE public users postgres`: a dash for no schema, the owner last and possibly empty. */
export function readListLine(line: string): ArchiveEntry | undefined {
  const match = /^(\d+); \d+ \d+ (.+)$/.exec(line);
  if (match?.[2] === undefined) return undefined;
  const rest = match[2];
  const long = longTypes.find((type) => rest.startsWith(`${type} `));
  const type = long ?? rest.split(' ', 1)[0] ?? '';
  const words = rest.slice(type.length + 1).split(' ');
  const schema = words.shift();
  // The owner stands last; an entry without one ends in a space, which leaves an empty word to drop.
  if (words.length > 1) words.pop();
  const name = words.join(' ');
  return {
    id: Number(match[1]),
    type,
    ...(schema === undefined || schema === '-' ? {} : { schema }),
    name,
  };
}

const identifier = '("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)';

/** `CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;` */
export function readCreateExtension(
  line: string,
): { readonly name: string; readonly schema: string } | undefined {
  const [, extension, schema] =
    new RegExp(`^CREATE EXTENSION IF NOT EXISTS ${identifier} WITH SCHEMA ${identifier};$`).exec(line) ?? [];
  if (extension === undefined || schema === undefined) return undefined;
  return { name: unquote(extension), schema: unquote(schema) };
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** `;     Dumped from database version: 15.18 (Debian 15.18-0+deb12u1)` */
export function readListHeader(line: string): { readonly name: string; readonly value: string } | undefined {
  const match = /^;\s+([^:]+): (.*)$/.exec(line);
  return match?.[1] === undefined || match[2] === undefined ? undefined : { name: match[1], value: match[2] };
}

/**
 * `CREATE DATABASE x WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = icu LOCALE = 'C.UTF-8' ICU_LOCALE = 'de-DE';`
 *
 * LOCALE is that of the operating system; where its halves differ, LC_COLLATE and LC_CTYPE stand for it.
 */
export function readCreateDatabase(
  line: string,
): { readonly locale: DatabaseLocale; readonly tablespace?: string } | undefined {
  if (!line.startsWith('CREATE DATABASE ')) return undefined;
  const option = (name: string) =>
    new RegExp(` ${name} = '((?:[^']|'')*)'`).exec(line)?.[1]?.replaceAll("''", "'");
  const encoding = option('ENCODING');
  const collation = option('LC_COLLATE') ?? option('LOCALE');
  const characterType = option('LC_CTYPE') ?? option('LOCALE');
  const provider = /^.* LOCALE_PROVIDER = (libc|icu|builtin)\b/.exec(line)?.[1] as DatabaseLocale['provider'];
  const locale = option('ICU_LOCALE') ?? option('BUILTIN_LOCALE');
  const icuRules = option('ICU_RULES');
  // Its name stands last, and only here without quotes of a text.
  const tablespace = new RegExp(` TABLESPACE = ${identifier};$`).exec(line)?.[1];
  return {
    locale: {
      ...(provider === undefined ? {} : { provider }),
      ...(locale === undefined ? {} : { locale }),
      ...(icuRules === undefined ? {} : { icuRules }),
      ...(encoding === undefined ? {} : { encoding }),
      ...(collation === undefined ? {} : { collation }),
      ...(characterType === undefined ? {} : { characterType }),
    },
    ...(tablespace === undefined ? {} : { tablespace: unquote(tablespace) }),
  };
}
