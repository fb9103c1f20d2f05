import { type Outcome, succeed } from '../../base/failure.ts';
import { sqlName } from '../../base/quoting.ts';
import { errorWords } from '../../base/thrown.ts';
import type { PutBackRequest, RightsReport } from '../../ports/database-server.ts';
import { readCell, readIsSuperuser } from './cell.ts';
import { liftFences } from './cell-extensions.ts';
import { planRights, reportOf, type Task } from './plan-rights.ts';
import { sqlStateOf } from './postgres-failure.ts';
import { readRights } from './read-rights.ts';
import { namedRoles, readCode, readObjects, readOwners, readRoles } from './restored-objects.ts';
import { type ServerContext, type Session, withMaintenance, withSession } from './session.ts';

const lockLimitMs = 30_000;
/** Sent together: over a slow line each statement by itself would take longer than the restore. */
const statementsTogether = 200;
const lockTimeout = '55P03';
/** From this version on the public schema belongs to whoever owns the database. */
const publicOfOwnerSince = 150_000;

/**
 * After the role of the restore was shut out: the administrator writes owners and grants, in one transaction, and nothing of the text of the
 * dump is run. Event triggers come last, since from then on they act at whatever an administrator does.
 */
export async function putBackRights(
  context: ServerContext,
  request: PutBackRequest,
): Promise<Outcome<RightsReport | undefined>> {
  const found = await withMaintenance(context, {
    doing: `look at the role ${request.role}`,
    work: (session) => readCell(session, request),
  });
  if (!found.ok || !found.value) return found.ok ? succeed(undefined) : found;
  return withSession(context, {
    database: request.database,
    doing: `put back owners and grants in ${request.database}`,
    limitMs: 0,
    lockLimitMs,
    work: async (session) => {
      await session.rows('BEGIN');
      const report = await putBack(session, request);
      await session.rows(request.trial ? 'ROLLBACK' : 'COMMIT');
      return succeed(report);
    },
  });
}

async function putBack(session: Session, request: PutBackRequest): Promise<RightsReport | undefined> {
  const { role, rights, newOwner } = request;
  const objects = await readObjects(session, role);
  if (objects.length === 0) return undefined;
  const code = await readCode(session, role);
  const entries = (rights?.statements ?? []).map(({ sql, ...entry }) => ({
    ...entry,
    statements: readRights(sql),
  }));
  const names = namedRoles(
    request,
    entries.flatMap(({ statements }) => statements),
  );
  const isSuperuser = await readIsSuperuser(session);
  const rolesMade = request.makeRoles ? await makeMissing(session, { names, isSuperuser }) : [];
  const roles = await readRoles(session, names);
  const tasks = planRights(
    { objects: rights?.objects ?? [], entries },
    {
      objects,
      roles,
      newOwner,
      database: request.database,
      isSuperuser,
      mayMake: whetherMade({ isSuperuser, signed: request.signed }),
    },
  );
  const failed = new Map<Task, string>();
  const run = (wanted: Task['about']) =>
    runTasks(session, { tasks: tasks.filter(({ about }) => about === wanted), failed });
  await run('owner');
  await giveRest(session, { ...request, isSuperuser });
  // An owner may have taken rights from himself, so not before everything has its owner.
  await run('grant');
  await leave(session, request);
  await run('other');
  const owners = await readOwners(session);
  for (const task of tasks) {
    const { object, owner } = task;
    if (object === undefined || owner === undefined || failed.has(task)) continue;
    const is = owners.get(`${object.classId} ${object.objectId}`);
    // Of pg_database_owner no dependency is kept, since it cannot be dropped.
    if (is !== undefined && is !== owner) failed.set(task, `the catalogue names ${is} afterwards`);
  }
  const owner = { name: newOwner, isSuperuser: roles.get(newOwner)?.isSuperuser === true };
  return reportOf(tasks, { failed, code, owner, rolesMade });
}

async function makeMissing(
  session: Session,
  { names, isSuperuser }: { readonly names: readonly string[]; readonly isSuperuser: boolean },
): Promise<readonly string[]> {
  const there = await readRoles(session, names);
  const missing = names.filter((name) => !there.has(name) && !name.startsWith('pg_'));
  const [row] = await session.rows('SELECT rolcreaterole AS may FROM pg_roles WHERE rolname = current_user');
  if (!isSuperuser && row?.may !== 't') return [];
  for (const name of missing) {
    await session.rows(`CREATE ROLE ${sqlName(name)} NOLOGIN`);
    if (!isSuperuser) await session.rows(`GRANT ${sqlName(name)} TO CURRENT_USER`);
  }
  return missing;
}

function whetherMade({ isSuperuser, signed }: { readonly isSuperuser: boolean; readonly signed: boolean }) {
  if (!isSuperuser) return { yes: false as const, why: 'only a superuser may make it' };
  if (!signed) return { yes: false as const, why: 'it is made only of a backup whose author is proven' };
  return { yes: true as const };
}

/** Writes down what was refused, and why. */
async function runTasks(
  session: Session,
  { tasks, failed }: { readonly tasks: readonly Task[]; readonly failed: Map<Task, string> },
): Promise<void> {
  const open = tasks.filter((task) => 'sql' in task && task.sql.length > 0);
  for (let start = 0; start < open.length; start += statementsTogether) {
    const some = open.slice(start, start + statementsTogether);
    if ((await tryAll(session, some)) === undefined) continue;
    for (const task of some) {
      const why = await tryAll(session, [task]);
      if (why !== undefined) failed.set(task, why);
    }
  }
}

/** @returns the server's words where it refuses one of them; then nothing of all stays. */
async function tryAll(session: Session, tasks: readonly Task[]): Promise<string | undefined> {
  const statements = tasks.flatMap((task) => ('sql' in task ? task.sql : []));
  await session.rows('SAVEPOINT rights');
  try {
    await session.rows(statements.join(';\n'));
    await session.rows('RELEASE SAVEPOINT rights');
    return undefined;
  } catch (error) {
    // Somebody holds a lock: that is not for one object alone, and not for good.
    if (sqlStateOf(error) === undefined || sqlStateOf(error) === lockTimeout) throw error;
    await session.rows('ROLLBACK TO SAVEPOINT rights');
    return errorWords(error);
  }
}

async function giveRest(
  session: Session,
  request: PutBackRequest & { readonly isSuperuser: boolean },
): Promise<void> {
  const { role, newOwner, isSuperuser } = request;
  const cell = sqlName(role);
  const [isPublic] = await session.rows(
    "SELECT FROM pg_namespace WHERE nspname = 'public' AND nspowner = (SELECT oid FROM pg_roles WHERE rolname = $1)",
    [role],
  );
  if (isPublic !== undefined && session.versionNumber >= publicOfOwnerSince)
    await session.rows('ALTER SCHEMA public OWNER TO pg_database_owner');
  // Nobody but a superuser gives anything to who may make nothing there: so that one may, for a moment.
  const closed = isSuperuser ? [] : await placesClosedTo(session, request);
  for (const place of closed) await session.rows(`GRANT CREATE ON ${place} TO ${sqlName(newOwner)}`);
  await session.rows(`REASSIGN OWNED BY ${cell} TO ${sqlName(newOwner)}`);
  const own = await schemasOf(session, newOwner);
  for (const place of closed.filter((one) => !own.includes(one)))
    await session.rows(`REVOKE CREATE ON ${place} FROM ${sqlName(newOwner)}`);
}

async function leave(session: Session, { role, database }: PutBackRequest): Promise<void> {
  await session.rows(`DROP OWNED BY ${sqlName(role)}`);
  // As every new database is; what the old one had instead is carried over by the swap.
  await session.rows(`GRANT CONNECT, TEMPORARY ON DATABASE ${sqlName(database)} TO PUBLIC`);
  await liftFences(session);
}

/** Of the places where something still belongs to the role. */
async function placesClosedTo(
  session: Session,
  { role, newOwner }: PutBackRequest,
): Promise<readonly string[]> {
  const left = await readObjects(session, role);
  const rows = await session.rows(
    `SELECT 'SCHEMA ' || quote_ident(nspname) AS place FROM pg_namespace
       WHERE nspname::text = ANY ($2::text[]) AND NOT has_schema_privilege($1, oid, 'CREATE')
     UNION ALL SELECT 'DATABASE ' || quote_ident(datname) FROM pg_database
       WHERE datname = current_database() AND NOT has_database_privilege($1, oid, 'CREATE')`,
    [newOwner, left.map(({ schema }) => schema)],
  );
  return rows.map(({ place }) => place ?? '');
}

async function schemasOf(session: Session, role: string): Promise<readonly string[]> {
  const rows = await session.rows(
    "SELECT 'SCHEMA ' || quote_ident(nspname) AS place FROM pg_namespace WHERE pg_get_userbyid(nspowner) = $1",
    [role],
  );
  return rows.map(({ place }) => place ?? '');
}
