import { shorten } from '../backups/compare-inventories.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { sqlText } from '../base/quoting.ts';
import { formatTime } from '../base/units.ts';
import { type Check, couldNotVerify } from '../base/verdict.ts';
import { readFact } from '../kinds/fact.ts';
import { targetFact } from '../kinds/facts.ts';
import type { CheckContext, StepContext } from '../kinds/kind.ts';
import type { DatabaseDescription, ForeignSession, PreparedTransaction } from '../ports/database-server.ts';
import type { ServerLooks } from '../ports/world.ts';
import { blocker, targetServer } from './open-targets.ts';
import { writersStillDown } from './writers-still-down.ts';

/**
 * The look before the question of the swap, and once more right before the renames, since hours may lie between: whatever was
 * proved earlier and may have changed is looked at again here. Changes nothing.
 */
export async function lookBeforeSwap(
  context: StepContext<'host' | 'databases' | 'services'>,
): Promise<Outcome<void>> {
  const server = targetServer(context);
  // First the lease: after that no other run of thaw replaces what is looked at next.
  const lease = await server.lease(server.databaseName);
  if (!lease.ok) return lease;
  const found = await server.describeDatabase(server.databaseName);
  if (!found.ok) return found;
  const other = notAsAtBeginning(context, found.value);
  if (other !== undefined) return fail(other);
  // Those can be stopped again, whatever their role; who is left after that is in the way.
  const down = await writersStillDown(context);
  if (!down.ok || found.value === undefined) return down;
  return nobodyInTheWay(server, [found.value.name]);
}

/** Whether the database of that name is still the one that the first preflight saw. */
export function notAsAtBeginning(
  context: Pick<CheckContext<'databases'>, 'fact' | 'world' | 'targets'>,
  found: DatabaseDescription | undefined,
): Failure | undefined {
  const first = readFact(targetFact, context);
  const server = targetServer(context);
  // A journal of an earlier version does not know.
  if (first === undefined) return undefined;
  if (found === undefined && first.oid === null) return undefined;
  if (found === undefined || first.oid === null) {
    return {
      code: 'conflict',
      message: `${server.databaseName} at ${server.address} ${found === undefined ? 'was there at the beginning and is gone' : 'was not there at the beginning and is there now'}. Somebody changed it meanwhile.`,
      remedy:
        'Find out who did it; then discard this run with `thaw discard`, and begin anew with `thaw restore`.',
      retry: 'after-fix',
    };
  }
  return otherDatabase(server, { found, oid: first.oid, than: atTheBeginning });
}

/**
 * What neither a closed door nor a farewell removes, and what refuses every rename: prepared transactions, and sessions that our
 * role may not end. Each is named, with what to run.
 */
export async function nobodyInTheWay(
  server: ServerLooks,
  databases: readonly string[],
): Promise<Outcome<void>> {
  for (const database of databases) {
    const held = await whatHolds(server, database);
    if (!held.ok) return held;
    const failure = inTheWay(server, { database, ...held.value });
    if (failure !== undefined) return fail(failure);
  }
  return succeed(undefined);
}

/** What the preflight says of it: a superuser's session blocks, sessions of other roles may go when their services are stopped. */
export async function checkInTheWay(server: ServerLooks, database: string): Promise<readonly Check[]> {
  const held = await whatHolds(server, database);
  if (!held.ok) return [blocker(held.failure)];
  const { prepared, sessions } = held.value;
  const fixed = sessions.filter((session) => session.protectedBy === 'superuser');
  const passing = sessions.filter((session) => session.protectedBy === 'other-role');
  const blocking = inTheWay(server, { database, prepared, sessions: fixed });
  return [
    ...(blocking === undefined ? [] : [blocker(blocking)]),
    ...(passing.length === 0
      ? []
      : [
          couldNotVerify(
            `whether ${passing.length} sessions on ${database} go when the services are stopped: our role may not end ${shorten(passing.map(describeSession))}`,
            'Stop what they belong to before the swap, or let a superuser GRANT pg_signal_backend to the role of the database URL.',
          ),
        ]),
  ];
}

type Held = {
  readonly prepared: readonly PreparedTransaction[];
  /** Those that our role may not end. */
  readonly sessions: readonly ForeignSession[];
};

async function whatHolds(server: ServerLooks, database: string): Promise<Outcome<Held>> {
  const prepared = await server.preparedTransactions(database);
  if (!prepared.ok) return prepared;
  const sessions = await server.foreignSessions(database);
  if (!sessions.ok) return sessions;
  return succeed({
    prepared: prepared.value,
    sessions: sessions.value.filter((session) => session.protectedBy !== undefined),
  });
}

function inTheWay(
  server: ServerLooks,
  { database, prepared, sessions }: Held & { readonly database: string },
): Failure | undefined {
  if (prepared.length + sessions.length === 0) return undefined;
  const where = `database ${database} on ${server.address}`;
  const messages = [
    ...(sessions.length === 0
      ? []
      : [
          `Cannot disconnect the clients of ${where}: our role may not end ${shorten(sessions.map(describeSession))}.`,
        ]),
    ...(prepared.length === 0
      ? []
      : [
          `Nobody can rename ${where}: it holds ${shorten(prepared.map(({ gid, owner, preparedAtMs }) => `prepared transaction ${sqlText(gid)} of ${owner} since ${formatTime(preparedAtMs)}`))}.`,
        ]),
  ];
  const statements = [
    ...sessions.map(({ pid }) => `SELECT pg_terminate_backend(${pid});`),
    ...prepared.map(({ gid }) => `ROLLBACK PREPARED ${sqlText(gid)};`),
  ];
  const choice =
    prepared.length === 0
      ? ''
      : ' (COMMIT PREPARED where what it changed is wanted; connected to that database)';
  return {
    code: 'conflict',
    message: messages.join(' '),
    remedy: `Let a superuser run: ${statements.join(' ')}${choice}. Then retry.`,
    retry: 'safe',
  };
}

function describeSession({ pid, application, user, address }: ForeignSession): string {
  return `server process ${pid}, ${application || 'unnamed'} as ${user} from ${address || 'an address that is hidden or local'}`;
}

export const atTheBeginning = 'at the beginning';

/** A database of that name that is not the one which was looked at: somebody dropped, made or renamed databases meanwhile. */
export function otherDatabase(
  server: ServerLooks,
  look: {
    readonly found: DatabaseDescription | undefined;
    readonly oid: number | undefined;
    readonly than: string;
  },
): Failure | undefined {
  const { found, oid, than } = look;
  if (found === undefined || oid === undefined || found.oid === oid) return undefined;
  const [, run] = /^thaw run (\S+)$/.exec(found.comment ?? '') ?? [];
  const whose = run === undefined ? '' : ` It was restored by run ${run}.`;
  return {
    code: 'conflict',
    message: `${found.name} at ${server.address} is another database than ${than} (object id ${found.oid}, not ${oid}). Somebody replaced it meanwhile.${whose} Nothing of it was touched.`,
    remedy: `Look at ${found.name}. If it is what is wanted, give this run up with \`thaw discard\`; if not, discard it and begin anew with \`thaw restore\`.`,
    retry: 'after-fix',
  };
}
