import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { sqlName } from '../../base/quoting.ts';
import { saySetting, settingValues } from './say-rights.ts';
import { type Row, type ServerContext, type Session, withMaintenance } from './session.ts';
import { checkName } from './sql-text.ts';

/**
 * What belongs to a database and not to its content, so that no pg_dump of the content carries it: owner, connection
 * limit, privileges, and settings, those for one role in this database included. All in one transaction.
 */
export async function carryOverSettings(
  context: ServerContext,
  request: { readonly from: string; readonly to: string },
): Promise<Outcome<void>> {
  const to = checkName(request.to);
  if (!to.ok) return to;
  return withMaintenance(context, {
    doing: `carry the settings of database ${request.from} over to ${request.to}`,
    work: async (session) => {
      const source = await readSource(session, request.from);
      if (source === undefined) {
        return fail({
          code: 'not-found',
          message: `Cannot carry settings over on ${context.target.address}: there is no database ${request.from}.`,
          remedy: 'Correct the name of the database in the runbook.',
          retry: 'after-fix',
        });
      }
      await session.rows('BEGIN');
      for (const statement of statementsFor(source, sqlName(to.value))) await session.rows(statement);
      await session.rows('COMMIT');
      return succeed(undefined);
    },
  });
}

type Source = {
  readonly owner: string;
  readonly connectionLimit: number;
  /** null is the built-in default: everybody may connect and make temporary tables. */
  readonly grants: readonly Row[] | null;
  readonly settings: readonly Row[];
};

async function readSource(session: Session, database: string): Promise<Source | undefined> {
  const [row] = await session.rows(
    `SELECT pg_get_userbyid(datdba) AS owner, datconnlimit, datacl IS NULL AS is_default
     FROM pg_database WHERE datname = $1`,
    [database],
  );
  if (row === undefined) return undefined;
  const grants = await session.rows(
    `SELECT CASE a.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END AS grantee,
       a.privilege_type AS privilege, a.is_grantable
     FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = $1`,
    [database],
  );
  const settings = await session.rows(
    `SELECT r.rolname AS role, split_part(c.line, '=', 1) AS name,
       substr(c.line, strpos(c.line, '=') + 1) AS value
     FROM pg_db_role_setting s
     JOIN pg_database d ON d.oid = s.setdatabase
     LEFT JOIN pg_roles r ON r.oid = s.setrole
     CROSS JOIN LATERAL unnest(s.setconfig) WITH ORDINALITY AS c(line, place)
     WHERE d.datname = $1 AND (s.setrole = 0 OR r.rolname IS NOT NULL)
     ORDER BY s.setrole, c.place`,
    [database],
  );
  return {
    owner: row.owner ?? '',
    connectionLimit: Number(row.datconnlimit),
    grants: row.is_default === 't' ? null : grants,
    settings,
  };
}

function statementsFor(source: Source, to: string): readonly string[] {
  const statements = [
    `ALTER DATABASE ${to} OWNER TO ${sqlName(source.owner)}`,
    `ALTER DATABASE ${to} CONNECTION LIMIT ${source.connectionLimit}`,
  ];
  if (source.grants !== null) {
    // Start from nothing: what PUBLIC has by default may have been taken away on purpose.
    statements.push(`REVOKE ALL ON DATABASE ${to} FROM PUBLIC, ${sqlName(source.owner)}`);
    for (const grant of source.grants) {
      const grantee =
        grant.grantee === null || grant.grantee === undefined ? 'PUBLIC' : sqlName(grant.grantee);
      const option = grant.is_grantable === 't' ? ' WITH GRANT OPTION' : '';
      statements.push(`GRANT ${grant.privilege} ON DATABASE ${to} TO ${grantee}${option}`);
    }
  }
  for (const { role, name, value } of source.settings) {
    const subject =
      role === null || role === undefined ? `DATABASE ${to}` : `ROLE ${sqlName(role)} IN DATABASE ${to}`;
    statements.push(`ALTER ${subject} SET ${saySetting(name ?? '', settingValues(name ?? '', value ?? ''))}`);
  }
  return statements;
}
