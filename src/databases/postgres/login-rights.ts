import { type Outcome, succeed } from '../../base/failure.ts';
import type { LoginRights, ObjectRights } from '../../ports/login-rights.ts';
import { notOfExtension, ownSchema } from './catalogue/pieces.ts';
import { withReadSession } from './read-session.ts';
import type { Row, ServerContext, Session } from './session.ts';

/** Asked of the functions of the catalogue alone (has_table_privilege and its kin): nothing of the database itself runs. */

const limitMs = 600_000;

/** As somebody's own: others than superusers who own a table or were granted something on one. */
const loginsOfTables = `SELECT r.rolname AS name FROM pg_roles r
  WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname !~ '^pg_' AND EXISTS (
    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${ownSchema('n')} AND (pg_has_role(r.oid, c.relowner, 'USAGE')
      OR EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee <> 0 AND pg_has_role(r.oid, a.grantee, 'USAGE'))))
  ORDER BY 1`;

const kinds: Readonly<Record<ObjectRights['kind'], { readonly from: string; readonly rights: string }>> = {
  relation: {
    from: `SELECT 'pg_class'::regclass::oid, c.oid, c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND ${ownSchema('n')}`,
    rights: `SELECT p AS name, has_table_privilege(r.oid, o.oid, p) AS held
        FROM unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) p
      UNION ALL SELECT p || ' of columns', has_any_column_privilege(r.oid, o.oid, p) FROM unnest('{SELECT,INSERT,UPDATE}'::text[]) p`,
  },
  sequence: {
    from: `SELECT 'pg_class'::regclass::oid, c.oid, c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${ownSchema('n')}`,
    rights: `SELECT p AS name, has_sequence_privilege(r.oid, o.oid, p) AS held FROM unnest('{USAGE,SELECT,UPDATE}'::text[]) p`,
  },
  schema: {
    from: `SELECT 'pg_namespace'::regclass::oid, n.oid, n.nspowner FROM pg_namespace n WHERE ${ownSchema('n')}`,
    rights: `SELECT 'USAGE' AS name, has_schema_privilege(r.oid, o.oid, 'USAGE') AS held`,
  },
  routine: {
    from: `SELECT 'pg_proc'::regclass::oid, f.oid, f.proowner FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
      WHERE ${ownSchema('n')} AND ${notOfExtension('pg_proc', 'f.oid')}`,
    rights: `SELECT 'EXECUTE' AS name, has_function_privilege(r.oid, o.oid, 'EXECUTE') AS held`,
  },
};

/**
 * $1: roles. $2 and $3: class and object ids of those that are asked for, or NULL for all; $4: those ids are left out instead. $5: a role
 * whose things will belong to $6, and who may do with them what that one may.
 */
const rightsOfKind = (
  kind: ObjectRights['kind'],
) => `SELECT r.rolname AS role, i.type || ' ' || i.identity AS what,
    coalesce(i.schema, i.name) AS schema, (SELECT string_agg(p.name, ',')
      FROM (${kinds[kind].rights}) p WHERE p.held OR
        CASE pg_get_userbyid(o.owner) WHEN $5::name THEN pg_has_role(r.oid, $6::name, 'USAGE') ELSE false END) AS rights
  FROM (${kinds[kind].from}) o (classid, oid, owner) CROSS JOIN LATERAL pg_identify_object(o.classid, o.oid, 0) i
  JOIN pg_roles r ON r.rolname::text = ANY ($1::text[])
  WHERE $2::oid[] IS NULL OR $4::bool <> ((o.classid, o.oid) IN (SELECT * FROM unnest($2::oid[], $3::oid[])))
  ORDER BY i.identity COLLATE "C"`;

type Ids = { readonly classIds: readonly string[]; readonly objectIds: readonly string[] };

type Asked = {
  readonly roles: readonly string[];
  readonly these?: Ids;
  readonly others?: Ids;
  readonly trial?: { readonly role: string; readonly newOwner: string };
};

/** @param request.roles those that own tables there, or were granted something on one, where left out. */
export function readLoginRights(
  context: ServerContext,
  request: { readonly database: string; readonly roles?: readonly string[] | undefined },
): Promise<Outcome<readonly LoginRights[]>> {
  const { database } = request;
  return withReadSession(context, {
    database,
    doing: `read what logins may do in database ${database}`,
    limitMs,
    work: async (session) => {
      await session.rows('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const found = request.roles === undefined ? await session.rows(loginsOfTables) : [];
      const roles = request.roles ?? found.map(({ name }) => name ?? '');
      const rights = await collectLogins(session, [await readObjectRights(session, { roles })], roles);
      await session.rows('ROLLBACK');
      return succeed(rights);
    },
  });
}

/** By role. Of a trial within its transaction. */
export async function readObjectRights(session: Session, asked: Asked): Promise<RightsByRole> {
  const { roles, these, others, trial } = asked;
  const ids = these ?? others;
  const values = [
    ...[roles, ids?.classIds ?? null, ids?.objectIds ?? null, others !== undefined],
    ...[trial?.role ?? null, trial?.newOwner ?? null],
  ];
  const all: (readonly [string, ObjectRights])[] = [];
  if (roles.length === 0) return [];
  for (const kind of ['schema', 'relation', 'sequence', 'routine'] as const)
    for (const row of await session.rows(rightsOfKind(kind), values)) all.push(objectRights(row, kind));
  return all;
}

type RightsByRole = readonly (readonly [role: string, of: ObjectRights])[];

function objectRights(row: Row, kind: ObjectRights['kind']): readonly [string, ObjectRights] {
  const rights = row.rights === null || row.rights === undefined ? [] : row.rights.split(',');
  return [row.role ?? '', { what: row.what ?? '', kind, schema: row.schema ?? '', rights }];
}

/** Those of the roles that the server has, with all that was read of them in parts. */
export async function collectLogins(
  session: Session,
  ...[parts, roles]: [readonly RightsByRole[], readonly string[]]
): Promise<readonly LoginRights[]> {
  const byRole = Map.groupBy(parts.flat(), ([role]) => role);
  const rows = await session.rows(
    `SELECT r.rolname AS role, r.rolcanlogin AND coalesce(r.rolvaliduntil > now(), true) AS may, r.rolsuper AS mighty,
       has_database_privilege(r.oid, current_database(), 'CONNECT') AS connects
     FROM pg_roles r WHERE r.rolname::text = ANY ($1::text[]) ORDER BY 1`,
    [roles],
  );
  return rows.map(({ role, may, mighty, connects }) => ({
    role: role ?? '',
    mayLogIn: may === 't',
    mayConnect: connects === 't',
    isSuperuser: mighty === 't',
    objects: (byRole.get(role ?? '') ?? []).map(([, rights]) => rights),
  }));
}
