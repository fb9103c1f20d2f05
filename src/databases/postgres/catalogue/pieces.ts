/** Pieces of the statements that read a catalogue. Every name in them is the system's: the search path holds nothing else. */

/** Schemas that are not the system's. */
export const ownSchema = (schema: string) =>
  `${schema}.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND ${schema}.nspname !~ '^pg_(toast_)?temp_'`;

/** What belongs to an extension comes with the extension. */
export const notOfExtension = (...[table, oid]: [string, string]) =>
  `NOT EXISTS (SELECT FROM pg_depend dx WHERE dx.classid = '${table}'::regclass AND dx.objid = ${oid} AND dx.deptype = 'e')`;

/** The first object id that is not given by initdb. */
export const firstOwnOid = 16_384;

/** Its type and qualified name, as `i.type` and `i.identity`. */
export const identified = (...[table, oid]: [string, string]) =>
  `CROSS JOIN LATERAL pg_identify_object('${table}'::regclass, ${oid}, 0) i`;

export const sorted = (array: string) =>
  `(SELECT jsonb_agg(o ORDER BY o COLLATE "C") FROM unnest(${array}) o)`;

/** Options of foreign servers and tables; of those that may hold a secret the name alone. */
export const withoutSecrets = (options: string) =>
  `(SELECT jsonb_agg(o.shown ORDER BY o.shown COLLATE "C") FROM (SELECT CASE
      WHEN split_part(u, '=', 1) ~* 'pass|secret|key|token|cred' THEN split_part(u, '=', 1) ELSE u END AS shown
    FROM unnest(${options}) u) o)`;

/** Settings of a function or a database; those with a dot are the application's, and may be secrets. */
export const settingsOf = (settings: string) =>
  `(SELECT jsonb_agg(o.shown ORDER BY o.shown COLLATE "C") FROM (SELECT CASE
      WHEN split_part(u, '=', 1) LIKE '%.%' THEN split_part(u, '=', 1) ELSE u END AS shown FROM unnest(${settings}) u) o)`;

export const collationOf = (oid: string) =>
  `(SELECT cn.nspname || '.' || co.collname FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = ${oid})`;

/** One object a row; what is null is not in its text. */
export const row = (section: string, ...[name, fields]: [string, Readonly<Record<string, string>>]) =>
  `SELECT '${section}' AS section, ${name} AS name, jsonb_strip_nulls(jsonb_build_object(${Object.entries(
    fields,
  )
    .map(([key, value]) => `'${key}', ${value}`)
    .join(', ')}))::text AS text`;

export const identity = `i.type || ' ' || i.identity`;
