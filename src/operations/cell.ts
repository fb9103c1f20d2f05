import { ownershipComment } from '../base/digest.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { shellWord, sqlName } from '../base/quoting.ts';
import { type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import { readFact } from '../kinds/fact.ts';
import { authorFact, cellFact } from '../kinds/facts.ts';
import type { CheckContext, StepContext } from '../kinds/kind.ts';
import { dumpRightsFact, rightsFact } from '../kinds/rights-facts.ts';
import type { CellRequest, DatabaseLogin, PutBackRequest, RightsReport } from '../ports/database-rights.ts';
import type { DatabaseServer, QueryRequest, ServerIdentity } from '../ports/database-server.ts';
import type { DumpTools } from '../ports/dump-tools.ts';
import { incomingNames } from './incoming-database.ts';
import { blocker, targetServer } from './open-targets.ts';

/**
 * What stands in a dump runs with the rights of whoever restores it: one forged comment drops production before a name was typed. So
 * every dump is restored by a role of the run that reaches nothing but the incoming database, and what came out of it is looked at
 * with no other rights (docs/decisions/0050-the-cell.md).
 */

type RestoreRights =
  | { readonly kind: 'cell' }
  /** The user of the URL, with all it may do: a person has typed that this is understood. */
  | { readonly kind: 'user' };

function mayMakeCell(identity: ServerIdentity): boolean {
  return identity.isSuperuser || (identity.mayCreateRoles && identity.mayCreateDatabases);
}

/** Said before anybody is stopped. */
export async function checkCell(
  context: CheckContext<'databases'>,
  identity: ServerIdentity,
): Promise<readonly Check[]> {
  if (mayMakeCell(identity)) return [];
  const { cell } = context.targets.target;
  if (cell !== undefined) {
    const server = targetServer(context);
    const { incoming } = incomingNames(context.runId, server.databaseName);
    const judged = await server.judgeGivenCell({ role: cell.user, database: incoming, given: cell });
    if (!judged.ok) return [blocker(judged.failure)];
    if (judged.value.length === 0) return [passed(`${cell.user} restores, and reaches nothing else`)];
    return [
      failed(
        `The role ${cell.user} is not fit to restore a dump: ${judged.value.join('; ')}.`,
        `Let an administrator put it right; \`thaw cell ${shellWord(identity.user)} FILE\` prints the statements that make one.`,
      ),
    ];
  }
  return context.mode === 'drill'
    ? [failed(noCell(identity), howToAllow(identity))]
    : [
        couldNotVerify(
          `${noCell(identity)} You will be asked to type that you accept it.`,
          howToAllow(identity),
        ),
      ];
}

function noCell({ user }: ServerIdentity): string {
  return `${user} may not create roles, so what stands in the dump would run with all the rights of ${user}.`;
}

function howToAllow({ user }: ServerIdentity): string {
  return `Let an administrator run what \`thaw cell ${shellWord(user)} FILE\` prints, and name the role in the runbook (cell, beside the url); or let them run: ALTER ROLE ${sqlName(user)} CREATEROLE; or use an administrator's URL for the restore.`;
}

/** The role of this run, or the one that an administrator made for all of them. */
function requestOf(
  { runId, targets }: Pick<StepContext, 'runId' | 'targets'>,
  cell: { readonly role: string; readonly database: string },
): CellRequest {
  const named = targets.target.cell;
  return {
    ...cell,
    comment: ownershipComment(runId),
    ...(named?.user === cell.role ? { given: named } : {}),
  };
}

/** Where no role can be made, a person decides, by typing; a drill never runs that way. */
export async function chooseRights(context: StepContext<'databases'>): Promise<Outcome<RestoreRights>> {
  const server = targetServer(context);
  const identity = await server.identity();
  if (!identity.ok) return identity;
  if (mayMakeCell(identity.value) || context.targets.target.cell !== undefined)
    return succeed({ kind: 'cell' });
  const { user } = identity.value;
  const refused = fail({
    code: 'denied',
    message: `The restore has not begun: ${noCell(identity.value)}`,
    remedy: howToAllow(identity.value),
    retry: 'after-fix',
  });
  if (context.mode === 'drill') return refused;
  const name = `run it as ${user}`;
  const answer = await context.ask({
    kind: 'type-name',
    id: 'restore-database.without-cell',
    stepId: context.stepId,
    title: `Restore with all the rights of ${user}?`,
    body: [
      noCell(identity.value),
      `Whoever could change the dump could drop ${server.databaseName} before you are asked for its name, and whatever else ${user} may change.`,
      howToAllow(identity.value),
    ],
    name,
    verb: 'run it',
    facts: [{ label: 'server', value: server.address }],
  });
  if (!answer.ok) return answer;
  return answer.value.value === name ? succeed({ kind: 'user' }) : refused;
}

/** Nothing of it is left: sessions, prepared transactions, the role. Its database must be gone already. */
export async function dropCell(context: StepContext<'databases'>): Promise<Outcome<void>> {
  const cell = readFact(cellFact, context);
  if (cell === undefined) return succeed(undefined);
  const dropped = await targetServer(context).dropCell(requestOf(context, cell));
  if (dropped.ok) await context.record(cellFact, null);
  return dropped;
}

/** Before its database is dropped: a transaction that it prepared would be in the way. */
export async function closeCell(context: StepContext<'databases'>): Promise<Outcome<void>> {
  const cell = readFact(cellFact, context);
  if (cell === undefined) return succeed(undefined);
  return targetServer(context).closeCell(requestOf(context, cell));
}

/** Who everything belongs to once it is in place: whoever owns the old database, or the one of the dump, or the user of the URL. */
async function futureOwner(
  context: StepContext<'databases'>,
  names: readonly string[],
): Promise<Outcome<Pick<PutBackRequest, 'newOwner' | 'preferredOwner'>>> {
  const server = targetServer(context);
  for (const name of names) {
    const found = await server.describeDatabase(name);
    if (!found.ok) return found;
    if (found.value !== undefined) return succeed({ newOwner: found.value.owner });
  }
  const identity = await server.identity();
  if (!identity.ok) return identity;
  const preferredOwner = readFact(dumpRightsFact, context)?.databaseOwner;
  return succeed({ newOwner: identity.value.user, preferredOwner });
}

/** Whether owners and grants can be as the dump has them is known before the question, and nothing of it stays. */
export async function tryRights(
  context: StepContext<'databases'>,
  logins: readonly string[],
): Promise<Outcome<RightsReport | undefined>> {
  return putBack(context, { trial: true, names: [targetServer(context).databaseName], logins });
}

/** Right before the swap: everything gets its owner, and the role is gone. */
export async function giveAway(
  context: StepContext<'databases'>,
  names: readonly string[],
): Promise<Outcome<void>> {
  const given = await putBack(context, { trial: false, names });
  return given.ok ? dropCell(context) : given;
}

async function putBack(
  context: StepContext<'databases'>,
  {
    trial,
    names,
    logins,
  }: {
    readonly trial: boolean;
    readonly names: readonly string[];
    readonly logins?: readonly string[];
  },
): Promise<Outcome<RightsReport | undefined>> {
  const cell = readFact(cellFact, context);
  if (cell === undefined) return succeed(undefined);
  const closed = await closeCell(context);
  if (!closed.ok) return closed;
  const owner = await futureOwner(context, names);
  if (!owner.ok) return owner;
  const { newOwner, preferredOwner = newOwner } = owner.value;
  if (!trial) await context.recordCommand(`REASSIGN OWNED BY ${cell.role} TO ${preferredOwner}`);
  const report = await targetServer(context).putBackRights({
    ...requestOf(context, cell),
    ...owner.value,
    rights: readFact(dumpRightsFact, context),
    trial,
    signed: readFact(authorFact, context)?.kind === 'proven',
    makeRoles: trial && context.mode === 'drill',
    logins,
  });
  if (!report.ok) return report;
  const tried = trial ? undefined : readFact(rightsFact, context);
  // Of an attempt that goes on where one was cut off, the trial says what both have done.
  const isRest = tried !== undefined && (report.value?.owners.of ?? 0) < tried.owners.of;
  const value = isRest ? tried : report.value;
  if (value === undefined) return succeed(undefined);
  const { catalogue: _, logins: __, ...said } = { catalogue: undefined, logins: undefined, ...value };
  await context.record(rightsFact, { ...said, trial });
  for (const { what, why } of value.left) context.output(`not as in the dump: ${what}: ${why}`);
  return succeed(report.value);
}

/** Makes the role, with its database there and empty. Written down before it is made. */
export async function makeCell(
  context: StepContext<'databases'>,
  request: {
    readonly database: string;
    readonly extensions?: readonly { readonly name: string; readonly schema: string }[];
  },
): Promise<Outcome<void>> {
  const server = targetServer(context);
  const identity = await server.identity();
  if (!identity.ok) return identity;
  const named = mayMakeCell(identity.value) ? undefined : context.targets.target.cell;
  const role = named?.user ?? incomingNames(context.runId, server.databaseName).cell;
  await context.record(cellFact, { role, database: request.database });
  if (named === undefined) {
    await context.recordCommand(
      `CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT`,
    );
  }
  const login = await logIn(context, { role, ...request });
  return login.ok ? succeed(undefined) : login;
}

type Reach<P extends 'databases' | 'dumpTools' = 'databases'> = Pick<
  StepContext<P>,
  'world' | 'targets' | 'mode' | 'fact' | 'runId' | 'mask'
>;

async function logIn(
  context: Reach,
  cell: {
    readonly role: string;
    readonly database: string;
    readonly extensions?: readonly { readonly name: string; readonly schema: string }[];
  },
): Promise<Outcome<DatabaseLogin>> {
  const login = await targetServer(context).makeCell({ ...cell, ...requestOf(context, cell) });
  if (login.ok) context.mask([login.value.password.reveal()]);
  return login;
}

/** The database that came out of the dump: as the role of the run while that is there, afterwards as the user of the URL. */
export async function restoredServer(context: Reach): Promise<Outcome<DatabaseServer>> {
  const login = await cellLogin(context);
  if (!login.ok) return login;
  if (login.value === undefined) return succeed(targetServer(context));
  const { databaseUrl, databaseRoute } = context.targets.target;
  return succeed(context.world.openDatabaseServer(databaseUrl, databaseRoute, login.value));
}

/** One statement on what came out of the dump, with rights that reach nothing else. */
export async function queryRestored(
  context: Reach,
  request: QueryRequest,
): ReturnType<DatabaseServer['query']> {
  const server = await restoredServer(context);
  return server.ok ? server.value.query({ ...request, ofDump: true }) : server;
}

/** What restores, as the role of the run where there is one. */
export async function restoringTools(context: Reach<'databases' | 'dumpTools'>): Promise<Outcome<DumpTools>> {
  const login = await cellLogin(context);
  if (!login.ok) return login;
  const { databaseUrl, databaseRoute } = context.targets.target;
  return succeed(context.world.openDumpTools(databaseUrl, databaseRoute, login.value));
}

async function cellLogin(context: Reach): Promise<Outcome<DatabaseLogin | undefined>> {
  const cell = readFact(cellFact, context);
  return cell === undefined ? succeed(undefined) : logIn(context, cell);
}
