import type { PutBackRequest, RightsReport } from '../../ports/database-rights.ts';
import type { ReadStatement } from './read-rights.ts';
import type { Row, Session } from './session.ts';

/** One object that the role of a restore made, by what the catalogue says of it. */
export type RestoredObject = {
  readonly classId: string;
  readonly objectId: string;
  /** As pg_identify_object calls it. */
  readonly kind: string;
  readonly schema: string;
  /** As a table of contents calls it. */
  readonly name: string;
  /** Of a routine with all of its arguments and their names, as the tag of an entry about rights has it; else as `name`. */
  readonly signature: string;
  /** Quoted by the server, for a statement. */
  readonly identity: string;
  /** A sequence of a column: its owner is that of the table. */
  readonly follows: boolean;
};

export type KnownRole = {
  readonly name: string;
  /** It holds no more than an owner may: no right over the server, of its own or by membership. */
  readonly mayOwn: boolean;
  /** Our user may act as it. */
  readonly isOurs: boolean;
  readonly isSuperuser: boolean;
};

/** What an owner may not be: with more, code of a dump would run with it (an expression of an index, when statistics are made). */
const isPowerful = (role: string) =>
  `(${role}.rolsuper OR ${role}.rolcreaterole OR ${role}.rolcreatedb OR ${role}.rolreplication OR ${role}.rolbypassrls
    OR ${role}.rolname ~ '^pg_')`;

/** Since 16 a member may have no right to act as the role. */
const setSince = 160_000;

export async function readRoles(
  session: Session,
  names: readonly string[],
): Promise<ReadonlyMap<string, KnownRole>> {
  const acts = session.versionNumber >= setSince ? 'SET' : 'MEMBER';
  const rows = await session.rows(
    `SELECT r.rolname AS name, r.rolsuper AS is_superuser, pg_has_role(current_user, r.oid, '${acts}') AS ours,
       NOT ${isPowerful('r')} AND NOT EXISTS (SELECT FROM pg_roles b
         WHERE b.oid <> r.oid AND ${isPowerful('b')} AND pg_has_role(r.oid, b.oid, 'MEMBER')) AS may_own
     FROM pg_roles r WHERE r.rolname::text = ANY ($1::text[])`,
    [names],
  );
  return new Map(
    rows.map(({ name, ours, may_own: mayOwn, is_superuser: isSuperuser }) => {
      const role = name ?? '';
      return [
        role,
        { name: role, isOurs: ours === 't', mayOwn: mayOwn === 't', isSuperuser: isSuperuser === 't' },
      ];
    }),
  );
}

/** Every role that the dump speaks of. */
export function namedRoles(
  { rights, newOwner, preferredOwner }: Pick<PutBackRequest, 'rights' | 'newOwner' | 'preferredOwner'>,
  statements: readonly ReadStatement[],
): readonly string[] {
  const named = statements.flatMap((one) => {
    if (one.kind === 'grant') return [one.grantee, one.as];
    return one.kind === 'default-privileges' ? [one.grantee, one.role] : [];
  });
  const owners = [
    ...(rights?.objects.map(({ owner }) => owner) ?? []),
    rights?.largeObjectOwner,
    preferredOwner,
  ];
  return [
    ...new Set([newOwner, ...owners.flatMap((name) => name ?? []), ...named.flatMap((name) => name ?? [])]),
  ];
}

/**
 * What the role owns. The names of routines and types are written as pg_dump writes them, with an empty search path, which is ours;
 * of everything else the server gives the parts of the name without quotes.
 */
export async function readObjects(session: Session, role: string): Promise<readonly RestoredObject[]> {
  const rows = await session.rows(
    `SELECT s.classid::text AS class_id, s.objid::text AS object_id, i.type AS kind, i.identity,
       coalesce(pn.nspname::text, tn.nspname::text, a.object_names[cardinality(a.object_names) - 1], '') AS schema,
       coalesce(
         p.proname || '(' || CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*' ELSE array_to_string(ARRAY(
           SELECT format_type(t.type, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY t(type, place) ORDER BY place), ', ')
         END || ')',
         t.typname::text, a.object_names[cardinality(a.object_names)]) AS name,
       p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS signature,
       EXISTS (SELECT FROM pg_depend d WHERE d.classid = s.classid AND d.objid = s.objid
         AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
         AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')) AS follows
     FROM pg_shdepend s
     CROSS JOIN LATERAL pg_identify_object(s.classid, s.objid, 0) i
     CROSS JOIN LATERAL pg_identify_object_as_address(s.classid, s.objid, 0) a
     LEFT JOIN pg_proc p ON s.classid = 'pg_proc'::regclass AND p.oid = s.objid
     LEFT JOIN pg_namespace pn ON pn.oid = p.pronamespace
     LEFT JOIN pg_type t ON s.classid = 'pg_type'::regclass AND t.oid = s.objid
     LEFT JOIN pg_namespace tn ON tn.oid = t.typnamespace
     WHERE s.deptype = 'o' AND s.refclassid = 'pg_authid'::regclass
       AND s.refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1)
       AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY i.type <> 'schema', i.identity`,
    [role],
  );
  return rows.map(toObject);
}

function toObject(row: Row): RestoredObject {
  const name = row.name ?? '';
  return {
    classId: row.class_id ?? '',
    objectId: row.object_id ?? '',
    kind: row.kind ?? '',
    schema: row.schema ?? '',
    name,
    signature: row.signature ?? name,
    identity: row.identity ?? '',
    follows: row.follows === 't',
  };
}

/**
 * Whom the catalogue names as the owner of each, by class and object id. Of the first superuser it keeps no note, since nobody can drop that
 * role (pg_shdepend, pinned objects).
 */
export async function readOwners(
  session: Session,
  objects: readonly RestoredObject[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await session.rows(
    `SELECT o.class_id::text, o.object_id::text,
       coalesce(pg_get_userbyid(s.refobjid), (SELECT rolname FROM pg_roles WHERE oid = 10))::text AS owner
     FROM unnest($1::oid[], $2::oid[]) o(class_id, object_id)
     LEFT JOIN pg_shdepend s ON s.classid = o.class_id AND s.objid = o.object_id AND s.deptype = 'o'
       AND s.refclassid = 'pg_authid'::regclass
       AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [objects.map(({ classId }) => classId), objects.map(({ objectId }) => objectId)],
  );
  return new Map(
    rows.map(({ class_id: classId, object_id: objectId, owner }) => [`${classId} ${objectId}`, owner ?? '']),
  );
}

/** What acts with other rights than those of whoever asks, or without being asked. */
export async function readCode(session: Session, role: string): Promise<RightsReport['code']> {
  const owner = '(SELECT oid FROM pg_roles WHERE rolname = $1)';
  const definers = await session.rows(
    `SELECT p.oid::regprocedure::text AS name FROM pg_proc p WHERE p.prosecdef AND p.proowner = ${owner} ORDER BY 1`,
    [role],
  );
  const [counted] = await session.rows(
    `SELECT
       (SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE NOT t.tgisinternal AND c.relowner = ${owner}) AS triggers,
       (SELECT count(*) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
         WHERE r.rulename <> '_RETURN' AND c.relowner = ${owner}) AS rules,
       (SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND c.relowner = ${owner})
       + (SELECT count(*) FROM pg_statistic_ext s WHERE to_jsonb(s) ->> 'stxexprs' IS NOT NULL AND s.stxowner = ${owner})
         AS expressions`,
    [role],
  );
  return {
    definers: definers.map(({ name }) => name ?? ''),
    triggers: Number(counted?.triggers ?? 0),
    rules: Number(counted?.rules ?? 0),
    expressions: Number(counted?.expressions ?? 0),
  };
}
