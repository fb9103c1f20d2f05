import { firstOwnOid, notOfExtension, ownSchema, settingsOf } from './pieces.ts';

/** Who owns what, and who may use what: of the whole database, or of some objects of it. */

type Kind = {
  readonly table: string;
  readonly owner: string;
  /** undefined where nothing is granted on them. */
  readonly acl?: string;
  /** What acldefault calls them. */
  readonly letter?: string;
  readonly schema?: string;
  /** Over the row k. */
  readonly where?: string;
  /** Has no owner of its own. */
  readonly follows?: string;
};

const ownedSequence = `(k.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = k.oid
  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')))`;

/** A type that comes with a table or with another type has no owner of its own. */
const typeAlone = `k.typtype <> 'm' AND (k.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = k.typrelid AND c.relkind = 'c'))
  AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = k.oid)`;

const kinds: readonly Kind[] = [
  {
    ...{ table: 'pg_class', owner: 'relowner', acl: 'relacl', schema: 'relnamespace' },
    letter: `(CASE k.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char"`,
    where: `k.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND k.relpersistence <> 't'`,
    follows: ownedSequence,
  },
  { table: 'pg_proc', owner: 'proowner', acl: 'proacl', letter: `'f'`, schema: 'pronamespace' },
  {
    table: 'pg_type',
    owner: 'typowner',
    acl: 'typacl',
    letter: `'T'`,
    schema: 'typnamespace',
    where: typeAlone,
  },
  { table: 'pg_namespace', owner: 'nspowner', acl: 'nspacl', letter: `'n'`, where: ownSchema('k') },
  { table: 'pg_language', owner: 'lanowner', acl: 'lanacl', letter: `'l'`, where: `k.oid >= ${firstOwnOid}` },
  { table: 'pg_foreign_server', owner: 'srvowner', acl: 'srvacl', letter: `'S'` },
  // Only a superuser owns one.
  { table: 'pg_foreign_data_wrapper', owner: 'fdwowner', acl: 'fdwacl', letter: `'F'`, follows: 'true' },
  { table: 'pg_operator', owner: 'oprowner', schema: 'oprnamespace', where: 'k.oprcode <> 0' },
  { table: 'pg_opclass', owner: 'opcowner', schema: 'opcnamespace' },
  { table: 'pg_opfamily', owner: 'opfowner', schema: 'opfnamespace' },
  { table: 'pg_collation', owner: 'collowner', schema: 'collnamespace' },
  { table: 'pg_conversion', owner: 'conowner', schema: 'connamespace' },
  { table: 'pg_ts_dict', owner: 'dictowner', schema: 'dictnamespace' },
  { table: 'pg_ts_config', owner: 'cfgowner', schema: 'cfgnamespace' },
  { table: 'pg_statistic_ext', owner: 'stxowner', schema: 'stxnamespace' },
];

/** What the script of an extension granted is its own; what was granted since is the database's. */
const initial = (table: string) =>
  `(SELECT p.initprivs FROM pg_init_privs p WHERE p.classoid = '${table}'::regclass AND p.objoid = k.oid AND p.objsubid = 0)`;

/** The fence of a restore takes from everybody what dblink gives. */
const isFenced = (table: string) => `EXISTS (SELECT FROM pg_depend e JOIN pg_extension x ON x.oid = e.refobjid
  WHERE e.classid = '${table}'::regclass AND e.objid = k.oid AND e.deptype = 'e' AND x.extname = 'dblink')`;

function rightsOf({ table, owner, acl, letter, schema, where, follows = 'false' }: Kind): string {
  const joined = schema === undefined ? '' : `JOIN pg_namespace n ON n.oid = k.${schema}`;
  const conditions = [
    ...(schema === undefined ? [] : [ownSchema('n')]),
    ...(where === undefined ? [] : [where]),
    ...(acl === undefined ? [] : [`NOT ${isFenced(table)}`]),
  ];
  return `SELECT '${table}'::regclass::oid AS classid, k.oid AS objid, 0 AS objsubid, k.${owner} AS owner,
      ${acl === undefined ? 'NULL::aclitem[]' : `k.${acl}`} AS acl,
      ${acl === undefined ? 'NULL::aclitem[]' : `coalesce(${initial(table)}, acldefault(${letter}, k.${owner}))`} AS usual,
      NOT ${follows} AND ${notOfExtension(table, 'k.oid')} AS has_owner
    FROM ${table} k ${joined} WHERE ${conditions.length === 0 ? 'true' : conditions.join(' AND ')}`;
}

const columns = `SELECT 'pg_class'::regclass::oid, a.attrelid, a.attnum::int, k.relowner, a.attacl, acldefault('c', k.relowner), false
  FROM pg_attribute a JOIN pg_class k ON k.oid = a.attrelid JOIN pg_namespace n ON n.oid = k.relnamespace
  WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND ${ownSchema('n')} AND k.relpersistence <> 't'`;

/**
 * $1 and $2: class and object ids of those that are asked for, or NULL for all; $3: those ids are left out instead; $4: a role whose
 * things will belong to $5.
 */
const objects = `objects AS (SELECT o.*, CASE pg_get_userbyid(o.owner) WHEN $4::name THEN $5::name ELSE pg_get_userbyid(o.owner) END::text AS owner_name
  FROM (${[...kinds.map(rightsOf), columns].join('\nUNION ALL ')}) o
  WHERE $1::oid[] IS NULL OR $3::bool <> ((o.classid, o.objid) IN (SELECT * FROM unnest($1::oid[], $2::oid[]))))`;

/** Only what is otherwise than by default, so that a default of another version is no difference. */
const differences = (...[acl, usual]: [string, string]) => `(
  (SELECT '+' AS sign, x.* FROM aclexplode(${acl}) x EXCEPT ALL SELECT '+', x.* FROM aclexplode(${usual}) x)
  UNION ALL (SELECT '-', x.* FROM aclexplode(${usual}) x EXCEPT ALL SELECT '-', x.* FROM aclexplode(${acl}) x))`;

const grantee = `CASE g.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(g.grantee)::text END`;
const said = (
  owner: string,
) => `string_agg(g.sign || g.privilege_type || CASE WHEN g.is_grantable THEN '*' ELSE '' END
  || CASE WHEN g.grantor = ${owner} THEN '' ELSE ' by ' || pg_get_userbyid(g.grantor) END, ' '
  ORDER BY g.sign, g.privilege_type, g.is_grantable, pg_get_userbyid(g.grantor))`;
/** MAINTAIN came with 17, and is of ALL there. */
const section = `CASE g.privilege_type WHEN 'MAINTAIN' THEN 'grants of MAINTAIN' ELSE 'grants' END`;

export const rightsStatement = `WITH ${objects}
  SELECT 'owners' AS section, i.type || ' ' || i.identity AS name, o.owner_name AS text
  FROM objects o CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, 0) i WHERE o.has_owner
  UNION ALL SELECT ${section}, i.type || ' ' || i.identity || ' to ' || ${grantee}, ${said('o.owner')}
  FROM objects o CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, o.objsubid) i
  CROSS JOIN LATERAL ${differences('o.acl', 'o.usual')} g
  WHERE o.acl IS NOT NULL AND ${grantee} <> coalesce($4, '') GROUP BY 1, 2`;

/**
 * All large objects of an owner are one line, since there may be millions: how many, and a sum over their ids and grants. Sums of several
 * readings can be added. $1 to $5 as above.
 */
export const largeObjectRights = `WITH objects AS (SELECT m.oid, m.lomowner AS owner, m.lomacl AS acl, acldefault('L', m.lomowner) AS usual,
    CASE pg_get_userbyid(m.lomowner) WHEN $4::name THEN $5::name ELSE pg_get_userbyid(m.lomowner) END::text AS owner_name
  FROM pg_largeobject_metadata m
  WHERE $1::oid[] IS NULL OR $3::bool <> (m.oid IN (SELECT u.object_id FROM unnest($1::oid[], $2::oid[]) u (class_id, object_id)
    WHERE u.class_id = 'pg_largeobject'::regclass)))
  SELECT 'owners' AS section, 'large objects of ' || o.owner_name AS name,
    count(*) || ' ' || sum(('x' || left(md5(concat_ws(' ', o.oid, (SELECT string_agg(s.name, ',' ORDER BY s.name COLLATE "C") FROM (
      SELECT ${grantee} || ' ' || ${said('o.owner')} AS name FROM ${differences('o.acl', 'o.usual')} g WHERE o.acl IS NOT NULL GROUP BY g.grantee) s))), 8))::bit(32)::bigint) AS text
  FROM objects o GROUP BY 2`;

/** Over everything a default counts, and within a schema what is added to it. */
export const defaultsStatement = `SELECT 'default privileges' AS section, concat_ws(' ', 'of', pg_get_userbyid(d.defaclrole), 'in ' || n.nspname, 'on',
    CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas'
      ELSE 'large objects' END, 'to', ${grantee}) AS name, ${said('d.defaclrole')} AS text
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
  CROSS JOIN LATERAL ${differences('d.defaclacl', `CASE WHEN d.defaclnamespace = 0 THEN acldefault((CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END)::"char", d.defaclrole) END`)} g
  WHERE g.privilege_type <> 'MAINTAIN' GROUP BY 2, d.oid`;

/** $1: the database. */
export const databaseStatement = `WITH d AS (SELECT * FROM pg_database WHERE datname = $1)
  SELECT 'locale' AS section, 'the database' AS name, concat_ws(' ', pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
    to_jsonb(d) ->> 'datlocprovider', coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale'), to_jsonb(d) ->> 'daticurules') AS text FROM d
  UNION ALL SELECT 'settings', 'connection limit', d.datconnlimit::text FROM d
  UNION ALL SELECT 'settings', concat_ws(' ', 'settings', 'of ' || nullif(s.setrole, 0)::regrole), ${settingsOf('s.setconfig')}::text
    FROM pg_db_role_setting s JOIN d ON s.setdatabase = d.oid
  UNION ALL SELECT 'rights to the database', 'owner', pg_get_userbyid(d.datdba)::text FROM d
  UNION ALL SELECT 'rights to the database', 'to ' || ${grantee}, ${said('d.datdba')} FROM d
    CROSS JOIN LATERAL ${differences('d.datacl', `acldefault('d', d.datdba)`)} g WHERE d.datacl IS NOT NULL GROUP BY 2`;
