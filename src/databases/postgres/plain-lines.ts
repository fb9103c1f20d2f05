/** Lines that pg_dump writes into plain SQL, letter for letter (pg_backup_archiver.c, dumputils.c up to 18). */

/** `-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: app` */
export const entryLine = /^-- (?:Data for )?Name: (.*); Type: ([A-Z ]+); Schema: (.*?); Owner: (.*)$/;
/** The comment of an extension belongs to the extension, and needs its owner. */
export const ownership =
  /^(ALTER .+ OWNER TO .+|GRANT .+ TO .+|REVOKE .+ FROM .+|ALTER DEFAULT PRIVILEGES .+|COMMENT ON EXTENSION .+);$/;
export const session = /^SET SESSION AUTHORIZATION .+;$/;
/** Entries that are not for the role of a restore: all of their statements are left out. */
export const leftOut = new Set([
  'ACL',
  'DATABASE',
  'DATABASE PROPERTIES',
  'DEFAULT ACL',
  'EVENT TRIGGER',
  'PUBLICATION TABLES IN SCHEMA',
  'SECURITY LABEL',
  'SUBSCRIPTION',
]);
export const commentOnLeftOut = /^(?:DATABASE|EVENT TRIGGER|EXTENSION|SUBSCRIPTION) /;
export const ownerOf = /^ALTER .+ OWNER TO .+;$/;
/** Of pg_dump itself, for what comes next. */
export const setting = /^SET [a-z_]+ = [^;]*;$/;
export const settingName =
  /^SET ([a-z_]+) = [^;]*;$|^SELECT pg_catalog\.set_config\('([a-z_]+)', '', false\);$/;
/** What --clean writes before the first entry. */
export const dropping =
  /^(?:DROP [A-Z].*|ALTER [A-Z].* DROP (?:CONSTRAINT|DEFAULT|IDENTITY|NOT NULL)\b.*|SELECT pg_catalog\.lo_unlink\('\d+'\));$/;
export const place = /^SET default_tablespace = [^;]*;$/;
export const ofAllTables = /^CREATE PUBLICATION .+ FOR ALL TABLES\b/;
/** As pg_dump writes it, letter for letter: the key is of letters and digits. */
export const restriction = /^\\(un)?restrict [A-Za-z0-9]+$/;
/** As pg_dump writes it between the entries about the database itself (--create): it is restored into another one. */
export const connection =
  /^\\(?:encoding SQL_ASCII|connect (?:-reuse-previous=on )?(?:"(?:[^"\\]|"")+"|[A-Za-z_][A-Za-z0-9_$]*))$/;
/** What would reach beyond the database, or change how the rest of the dump is to be read. */
export function troubleIn(line: string): string | undefined {
  const found = /^(CREATE|DROP|ALTER) (DATABASE|ROLE|TABLESPACE|USER(?! MAPPING))\b/i.exec(line);
  if (found !== null) return found[0].toUpperCase();
  if (/^SET standard_conforming_strings = off;$/i.test(line))
    return 'texts written the old way (standard_conforming_strings off)';
  return undefined;
}
