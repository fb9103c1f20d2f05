import { type Outcome, succeed } from '../../base/failure.ts';
import { sqlName } from '../../base/quoting.ts';
import { errorWords } from '../../base/thrown.ts';
import type { PutBackRequest, RightsReport } from '../../ports/database-rights.ts';
import { rightsCollector } from './catalogue/collect-rights.ts';
import { readCell, readIsSuperuser } from './cell.ts';
import { liftFences } from './cell-extensions.ts';
import { ownerOfDatabase, type Task, whyNotOwner } from './plan-owners.ts';
import { planRights, reportOf } from './plan-rights.ts';
import { sqlStateOf } from './postgres-failure.ts';
import { readRights } from './read-rights.ts';
import {
  type KnownRole,
  namedRoles,
  readCode,
  readObjects,
  readOwners,
  readRoles,
} from './restored-objects.ts';
import { type ServerContext, type Session, withMaintenance, withSession } from './session.ts';

const lockLimitMs = 30_000;
/**
 * Sent together: over a slow line each statement by itself would take longer than the restore. And in one transaction: each object
 * takes some locks of the server until its end, of which there are some thousands.
 */
const objectsTogether = 200;
/** From this version on the public schema belongs to whoever owns the database. */
const publicOfOwnerSince = 150_000;
/** Not of one object alone, and not for good: a lock that somebody holds, memory or locks that run out. */
const ofTheServer = /^(55P03|53)/;

/**
 * After the role of the restore was shut out: the administrator writes owners and grants, object by object, and nothing of the text of the
 * dump is run. What is done is not owned by the role any more, so an attempt that was cut off goes on where it was. Event triggers come
 * last, since from then on they act at whatever an administrator does.
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
    work: async (session) => succeed(await putBack(session, request)),
  });
}

async function putBack(session: Session, request: PutBackRequest): Promise<RightsReport | undefined> {
  const { role, trial } = request;
  const objects = await readObjects(session, role);
  if (objects.length === 0) return undefined;
  const code = await readCode(session, role);
  const isSuperuser = await readIsSuperuser(session);
  const entries = (request.rights?.statements ?? []).map(({ sql, ...entry }) => ({
    ...entry,
    statements: readRights(sql),
  }));
  const names = namedRoles(
    request,
    entries.flatMap(({ statements }) => statements),
  );
  const rolesMade = request.makeRoles ? await missingRoles(session, { names, isSuperuser }) : [];
  const begin = async () => {
    await session.rows('BEGIN');
    for (const name of rolesMade) await makeRole(session, { name, isSuperuser });
  };
  const end = () => session.rows(trial ? 'ROLLBACK' : 'COMMIT');
  await begin();
  const roles = await readRoles(session, names);
  await session.rows('ROLLBACK');
  const { newOwner, refused } = chooseNewOwner(request, roles);
  const planned = planRights(
    { ...(request.rights ?? { objects: [] }), entries },
    {
      objects,
      roles,
      newOwner,
      ownerOfPublic: session.versionNumber >= publicOfOwnerSince ? ownerOfDatabase : newOwner,
      database: request.database,
      isSuperuser,
      mayMake: whetherMade({ isSuperuser, signed: request.signed }),
    },
  );
  const tasks = [...refused, ...planned];
  const failed = new Map<Task, string>();
  // A role made for the trial is not the one that will log in.
  const logins = (request.logins ?? []).filter((name) => !rolesMade.includes(name));
  const collector = trial ? rightsCollector(session, { role, newOwner, logins }) : undefined;
  for (const batch of batchesOf(tasks)) {
    await begin();
    await runTasks(session, { tasks: batch, failed });
    await collector?.take(batch);
    await end();
  }
  await begin();
  // Of a trial everything belongs to the role still: what is left of it at the end is not known.
  if (!trial) await giveRest(session, { ...request, newOwner, isSuperuser });
  await runTasks(session, { tasks: tasks.filter(({ object }) => object === undefined), failed });
  const read = await collector?.finish();
  await end();
  const owner = { name: newOwner, isSuperuser: roles.get(newOwner)?.isSuperuser === true };
  const report = reportOf(tasks, { failed, code, owner, rolesMade });
  return { ...report, ...read };
}

function chooseNewOwner(
  { newOwner, preferredOwner }: PutBackRequest,
  roles: ReadonlyMap<string, KnownRole>,
): { readonly newOwner: string; readonly refused: readonly Task[] } {
  if (preferredOwner === undefined || preferredOwner === newOwner) return { newOwner, refused: [] };
  const why = whyNotOwner(preferredOwner, roles);
  if (why === undefined) return { newOwner: preferredOwner, refused: [] };
  return { newOwner, refused: [{ about: 'owner', what: `the database of ${preferredOwner}`, sql: [], why }] };
}

/** Owner and grants of an object stand together. */
function batchesOf(tasks: readonly Task[]): readonly (readonly Task[])[] {
  const byObject = Map.groupBy(
    tasks.filter(({ object }) => object !== undefined),
    ({ object }) => object,
  );
  const groups = [...byObject.values()];
  return Array.from({ length: Math.ceil(groups.length / objectsTogether) }, (_, index) =>
    groups.slice(index * objectsTogether, (index + 1) * objectsTogether).flat(),
  );
}

/** Within a transaction that is taken back. */
export async function makeMissingRoles(session: Session, names: readonly string[]): Promise<void> {
  const isSuperuser = await readIsSuperuser(session);
  for (const name of await missingRoles(session, { names, isSuperuser }))
    await makeRole(session, { name, isSuperuser });
}

async function missingRoles(
  session: Session,
  { names, isSuperuser }: { readonly names: readonly string[]; readonly isSuperuser: boolean },
): Promise<readonly string[]> {
  const there = await readRoles(session, names);
  const [row] = await session.rows('SELECT rolcreaterole AS may FROM pg_roles WHERE rolname = current_user');
  if (!isSuperuser && row?.may !== 't') return [];
  return names.filter((name) => !there.has(name) && !name.startsWith('pg_'));
}

async function makeRole(
  session: Session,
  { name, isSuperuser }: { readonly name: string; readonly isSuperuser: boolean },
): Promise<void> {
  await session.rows(`CREATE ROLE ${sqlName(name)} NOLOGIN`);
  if (!isSuperuser) await session.rows(`GRANT ${sqlName(name)} TO CURRENT_USER`);
}

function whetherMade({ isSuperuser, signed }: { readonly isSuperuser: boolean; readonly signed: boolean }) {
  if (!isSuperuser) return { yes: false as const, why: 'only a superuser may make it' };
  if (!signed) return { yes: false as const, why: 'it is made only of a backup whose author is proven' };
  return { yes: true as const };
}

/** Writes down what was refused, and why, and what the catalogue does not say afterwards. */
async function runTasks(
  session: Session,
  { tasks, failed }: { readonly tasks: readonly Task[]; readonly failed: Map<Task, string> },
): Promise<void> {
  const open = tasks.filter(({ sql }) => sql.length > 0);
  if (open.length === 0) return;
  if ((await tryAll(session, open)) !== undefined) {
    for (const task of open) {
      const why = await tryAll(session, [task]);
      if (why !== undefined) failed.set(task, why);
    }
  }
  const wanted = open.filter(({ owner }) => owner !== undefined);
  const owners = await readOwners(
    session,
    wanted.flatMap(({ object }) => object ?? []),
  );
  for (const task of wanted) {
    const is = owners.get(`${task.object?.classId} ${task.object?.objectId}`);
    if (is !== task.owner && !failed.has(task)) failed.set(task, `the catalogue names ${is} afterwards`);
  }
}

/** @returns the server's words where it refuses one of them; then nothing of all stays. */
async function tryAll(session: Session, tasks: readonly Task[]): Promise<string | undefined> {
  await session.rows('SAVEPOINT rights');
  try {
    await session.rows(tasks.flatMap(({ sql }) => sql).join(';\n'));
    await session.rows('RELEASE SAVEPOINT rights');
    return undefined;
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === undefined || ofTheServer.test(state)) throw error;
    await session.rows('ROLLBACK TO SAVEPOINT rights');
    return errorWords(error);
  }
}

/** What has no statement of its own that gives it away: extensions, and what the server refused. Then nothing is left of the role here. */
async function giveRest(
  session: Session,
  request: PutBackRequest & { readonly isSuperuser: boolean },
): Promise<void> {
  const { role, database, newOwner, isSuperuser } = request;
  const cell = sqlName(role);
  // Nobody but a superuser gives anything to who may make nothing there: so that one may, for a moment.
  const closed = isSuperuser ? [] : await placesClosedTo(session, request);
  for (const place of closed) await session.rows(`GRANT CREATE ON ${place} TO ${sqlName(newOwner)}`);
  await session.rows(`REASSIGN OWNED BY ${cell} TO ${sqlName(newOwner)}`);
  const own = await schemasOf(session, newOwner);
  for (const place of closed.filter((one) => !own.includes(one)))
    await session.rows(`REVOKE CREATE ON ${place} FROM ${sqlName(newOwner)}`);
  await session.rows(`DROP OWNED BY ${cell}`);
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
