import { ownershipComment } from '../../base/digest.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import type {
  ContentMark,
  DatabaseDescription,
  MarkedDatabase,
  MarkedRole,
  ServerIdentity,
} from '../../ports/database-server.ts';
import { type ServerContext, withMaintenance, withSession } from './session.ts';

const identitySql = `
  SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
    current_setting('server_version') AS version,
    current_setting('server_version_num') AS version_number,
    current_user::text AS user_name,
    (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_create,
    (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_create_roles,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
    (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS connection_limit,
    (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS data_directory`;

export function readIdentity(context: ServerContext): Promise<Outcome<ServerIdentity>> {
  return withMaintenance(context, {
    doing: 'read the identity of the server',
    work: async (session) => {
      const [row] = await session.rows(identitySql);
      const dataDirectory = row?.data_directory;
      const connectionLimit = Number(row?.connection_limit ?? -1);
      return succeed({
        systemIdentifier: row?.system_identifier ?? '',
        // Debian appends its own package version in parentheses.
        version: (row?.version ?? '').split(' ')[0] ?? '',
        versionNumber: Number(row?.version_number),
        user: row?.user_name ?? '',
        mayCreateDatabases: row?.may_create === 't',
        mayCreateRoles: row?.may_create_roles === 't',
        isSuperuser: row?.is_superuser === 't',
        ...(connectionLimit < 0 ? {} : { connectionLimit }),
        // The row is missing where the user may not read it.
        ...(dataDirectory ? { dataDirectory } : {}),
      });
    },
  });
}

const databaseSql = `
  SELECT d.datname, d.oid, pg_has_role(d.datdba, 'USAGE') AS ours,
    pg_database_size(d.oid) AS size, pg_get_userbyid(d.datdba) AS owner,
    pg_encoding_to_char(d.encoding) AS encoding, d.datcollate, d.datctype, d.datallowconn,
    shobj_description(d.oid, 'pg_database') AS comment,
    (SELECT to_json(s.setconfig)::text FROM pg_db_role_setting s
      WHERE s.setdatabase = d.oid AND s.setrole = 0) AS settings
  FROM pg_database d WHERE d.datname = $1`;

export function describeDatabase(
  context: ServerContext,
  name: string,
): Promise<Outcome<DatabaseDescription | undefined>> {
  return withMaintenance(context, {
    doing: `describe database ${name}`,
    work: async (session) => {
      const [row] = await session.rows(databaseSql, [name]);
      if (row === undefined) return succeed(undefined);
      return succeed({
        name,
        oid: Number(row.oid),
        isOurs: row.ours === 't',
        sizeBytes: Number(row.size),
        owner: row.owner ?? '',
        encoding: row.encoding ?? '',
        collation: row.datcollate ?? '',
        characterType: row.datctype ?? '',
        allowsConnections: row.datallowconn === 't',
        settings: JSON.parse(row.settings ?? '[]') as readonly string[],
        ...(row.comment ? { comment: row.comment } : {}),
      });
    },
  });
}

export function listMarked(context: ServerContext): Promise<Outcome<readonly MarkedDatabase[]>> {
  return withMaintenance(context, {
    doing: 'list the databases that runs have made',
    work: async (session) => {
      const rows = await session.rows(
        `SELECT datname, oid, shobj_description(oid, 'pg_database') AS comment FROM pg_database
         WHERE starts_with(shobj_description(oid, 'pg_database'), $1) ORDER BY datname`,
        [ownershipComment('')],
      );
      return succeed(
        rows.map(({ datname, oid, comment }) => ({
          name: datname ?? '',
          oid: Number(oid),
          comment: comment ?? '',
        })),
      );
    },
  });
}

/** Those that the role of a restore may use. */
export function listTablespaces(context: ServerContext): Promise<Outcome<readonly string[]>> {
  return withMaintenance(context, {
    doing: 'list the tablespaces',
    work: async (session) => {
      const rows = await session.rows(
        `SELECT spcname FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')
           AND ((SELECT rolsuper FROM pg_roles WHERE rolname = current_user) OR has_tablespace_privilege('public', oid, 'CREATE'))
         ORDER BY spcname`,
      );
      return succeed(rows.map(({ spcname }) => spcname ?? ''));
    },
  });
}

export function listIdleRoles(context: ServerContext): Promise<Outcome<readonly MarkedRole[]>> {
  return withMaintenance(context, {
    doing: 'list the roles that runs have made',
    work: async (session) => {
      const rows = await session.rows(
        `SELECT rolname, shobj_description(r.oid, 'pg_authid') AS comment FROM pg_roles r
         WHERE starts_with(shobj_description(r.oid, 'pg_authid'), $1)
           AND NOT EXISTS (SELECT FROM pg_database d
             WHERE shobj_description(d.oid, 'pg_database') = shobj_description(r.oid, 'pg_authid'))
           AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = rolname)
         ORDER BY rolname`,
        [ownershipComment('')],
      );
      return succeed(rows.map(({ rolname, comment }) => ({ name: rolname ?? '', comment: comment ?? '' })));
    },
  });
}

/** Every name is the system's: the search path of the session holds nothing else (`session.ts`). */
const markSql = `
  WITH own AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
  SELECT (SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables) AS changes,
    md5(concat(
      (SELECT string_agg(concat_ws(' ', oid, relname, relkind, relfilenode), ',' ORDER BY oid)
        FROM pg_class WHERE relnamespace IN (SELECT oid FROM own)),
      (SELECT string_agg(concat_ws(' ', oid, proname, prosrc, probin), ',' ORDER BY oid)
        FROM pg_proc WHERE pronamespace IN (SELECT oid FROM own)),
      (SELECT string_agg(concat_ws(' ', t.oid, tgname, tgfoid, tgenabled), ',' ORDER BY t.oid)
        FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace IN (SELECT oid FROM own)))) AS catalogue`;

export function readContentMark(context: ServerContext, database: string): Promise<Outcome<ContentMark>> {
  return withSession(context, {
    database,
    doing: `see whether database ${database} changed`,
    work: async (session) => {
      const [row] = await session.rows(markSql);
      return succeed({ changes: Number(row?.changes), catalogue: row?.catalogue ?? '' });
    },
  });
}
