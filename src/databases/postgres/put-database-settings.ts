import { type Outcome, succeed } from '../../base/failure.ts';
import { sqlName } from '../../base/quoting.ts';
import { errorWords } from '../../base/thrown.ts';
import type { DatabaseSettingsReport, DatabaseSettingsRequest } from '../../ports/database-rights.ts';
import { settingsCatalogue } from './catalogue/read-catalogue.ts';
import { readIsSuperuser } from './cell.ts';
import { whyNotOwner } from './plan-owners.ts';
import { sqlStateOf } from './postgres-failure.ts';
import { makeMissingRoles } from './put-back-rights.ts';
import { type ReadStatement, readRights } from './read-rights.ts';
import { type KnownRole, readRoles } from './restored-objects.ts';
import { sayGrant, saySetting } from './say-rights.ts';
import { type ServerContext, type Session, withMaintenance } from './session.ts';
import { checkName } from './sql-text.ts';

/** Settings that decide who somebody is, or what code is loaded for him. */
const neverSet = new Set([
  'role',
  'session_authorization',
  'local_preload_libraries',
  'session_preload_libraries',
]);

type Task = {
  readonly what: string;
  readonly sql: readonly string[];
  readonly why?: string | undefined;
  /** The server's words may repeat its value, which may be a secret. */
  readonly isOfApplication?: boolean;
};

type Known = {
  readonly database: string;
  readonly owner: string;
  readonly roles: ReadonlyMap<string, KnownRole>;
  /** Settings that anybody may change for himself, in small letters. */
  readonly settable: ReadonlySet<string>;
  /** What stands before the dot of settings that code of the server reads: of extensions and libraries, loaded or not. */
  readonly taken: ReadonlySet<string>;
};

/**
 * On a server that has no old database to copy from: what the dump says of the database itself. Its text is never run. A setting with a dot
 * belongs to the application where nothing on the server goes by what stands before it; else it could choose code that runs with other
 * rights (plperl.on_plperlu_init).
 */
export async function putDatabaseSettings(
  context: ServerContext,
  request: DatabaseSettingsRequest,
): Promise<Outcome<DatabaseSettingsReport>> {
  const name = checkName(request.database);
  if (!name.ok) return name;
  return withMaintenance(context, {
    doing: `put back what belongs to database ${request.database} itself`,
    work: async (session) => {
      const statements = request.dumped.statements.flatMap((sql) => readRights(sql));
      await session.rows('BEGIN');
      const known = await readKnown(session, { ...request, statements });
      const tasks = [ownerTask(known), ...statements.flatMap((statement) => planStatement(statement, known))];
      const left: { what: string; why: string }[] = [];
      for (const task of tasks) {
        const why = task.why ?? (await tryTask(session, task));
        if (why !== undefined) left.push({ what: task.what, why });
      }
      const catalogue = request.trial
        ? { catalogue: await settingsCatalogue(session, request.database) }
        : {};
      await session.rows(request.trial ? 'ROLLBACK' : 'COMMIT');
      return succeed({ done: tasks.length - left.length, of: tasks.length, left, ...catalogue });
    },
  });
}

async function readKnown(
  session: Session,
  {
    database,
    owner,
    makeRoles,
    statements,
  }: DatabaseSettingsRequest & { readonly statements: readonly ReadStatement[] },
): Promise<Known> {
  const named = statements.flatMap((one) => {
    if (one.kind === 'grant') return [one.grantee, one.as];
    return one.kind === 'setting' ? [one.role] : [];
  });
  const names = [...new Set([owner, ...named.flatMap((name) => name ?? [])])];
  if (makeRoles) await makeMissingRoles(session, names);
  const roles = await readRoles(session, names);
  const rows = await session.rows("SELECT lower(name) AS name FROM pg_settings WHERE context = 'user'");
  return {
    ...{ database, owner, roles },
    settable: new Set(rows.map(({ name }) => name ?? '')),
    taken: await readTaken(session),
  };
}

async function readTaken(session: Session): Promise<ReadonlySet<string>> {
  // Only a superuser may look there, and only one may make such settings.
  const libraries = (await readIsSuperuser(session))
    ? `UNION SELECT regexp_replace(f, '\\.[^.]*$', '') FROM pg_config c, pg_ls_dir(c.setting) f WHERE c.name = 'PKGLIBDIR'`
    : '';
  const rows = await session.rows(
    `SELECT lower(name) AS name FROM (SELECT split_part(name, '.', 1) FROM pg_settings WHERE name LIKE '%.%'
       UNION SELECT name::text FROM pg_available_extensions ${libraries}) s(name)`,
  );
  return new Set(rows.map(({ name }) => name ?? ''));
}

function ownerTask({ database, owner }: Known): Task {
  return {
    what: `owner ${owner}`,
    sql: [`ALTER DATABASE ${sqlName(database)} OWNER TO ${sqlName(owner)}`],
  };
}

function planStatement(statement: ReadStatement, known: Known): readonly Task[] {
  const database = sqlName(known.database);
  switch (statement.kind) {
    case 'setting':
      return [planSetting(statement, known)];
    case 'connection-limit':
      return [
        {
          what: `connection limit ${statement.limit}`,
          sql: [`ALTER DATABASE ${database} CONNECTION LIMIT ${statement.limit}`],
        },
      ];
    case 'template':
      return [
        {
          what: 'that it is a template',
          sql: [],
          why: `everybody who may create databases could copy it then; where that is wanted: ALTER DATABASE … IS_TEMPLATE true`,
        },
      ];
    case 'grant': {
      const { verb, grantee } = statement;
      const what = `${verb.toLowerCase()} ${statement.privileges.map(({ name }) => name).join(', ')} on the database ${verb === 'GRANT' ? 'to' : 'from'} ${grantee ?? 'everybody'}`;
      const missing = [grantee, statement.as].find((role) => role !== undefined && !known.roles.has(role));
      if (missing !== undefined) return [{ what, sql: [], why: `there is no role ${missing}` }];
      return [
        { what, ...actingAs(statement.as, { known, sql: sayGrant(statement, `DATABASE ${database}`) }) },
      ];
    }
    case 'comment':
      // It replaces the mark of the run, and so only with the rename.
      return [];
    default:
      return [{ what: 'a statement', sql: [], why: 'it is not what pg_dump writes about a database' }];
  }
}

function planSetting(statement: ReadStatement & { readonly kind: 'setting' }, known: Known): Task {
  const { role, name, values } = statement;
  const whose = role === undefined ? '' : ` of ${role}`;
  const what = `setting ${name}${whose}`;
  const subject =
    role === undefined
      ? `DATABASE ${sqlName(known.database)}`
      : `ROLE ${sqlName(role)} IN DATABASE ${sqlName(known.database)}`;
  const sql = `ALTER ${subject} SET ${saySetting(name, values)}`;
  const why = role === undefined ? undefined : whyNotOwner(role, known.roles);
  if (why !== undefined) return { what, sql: [], why };
  const [prefix = '', ...rest] = name.toLowerCase().split('.');
  if (rest.length > 0) {
    return known.taken.has(prefix)
      ? {
          what,
          sql: [],
          why: `${prefix} is an extension or a library of the server, whose code would read it`,
        }
      : { what, sql: [sql], isOfApplication: true };
  }
  if (neverSet.has(name.toLowerCase()) || !known.settable.has(name.toLowerCase()))
    return {
      what,
      sql: [],
      why: 'not everybody may change it; an administrator can set it with ALTER DATABASE',
    };
  return { what, sql: [sql] };
}

function actingAs(
  role: string | undefined,
  { known, sql }: { readonly known: Known; readonly sql: string },
): Pick<Task, 'sql' | 'why'> {
  if (role === undefined) return { sql: [sql] };
  const why = whyNotOwner(role, known.roles);
  return why === undefined
    ? { sql: [`SET LOCAL ROLE ${sqlName(role)}`, sql, 'RESET ROLE'] }
    : { sql: [], why };
}

async function tryTask(session: Session, { sql, isOfApplication }: Task): Promise<string | undefined> {
  await session.rows('SAVEPOINT task');
  try {
    for (const statement of sql) await session.rows(statement);
    await session.rows('RELEASE SAVEPOINT task');
    return undefined;
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === undefined) throw error;
    await session.rows('ROLLBACK TO SAVEPOINT task');
    return isOfApplication === true ? `the server refuses it (SQLSTATE ${state})` : errorWords(error);
  }
}
