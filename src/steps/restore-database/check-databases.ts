import type { Outcome } from '../../base/failure.ts';
import { formatBytes } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import { swappedFact, swappingFact, targetFact } from '../../kinds/facts.ts';
import type { CheckContext } from '../../kinds/kind.ts';
import { checkInTheWay, notAsAtBeginning } from '../../operations/before-swap.ts';
import { checkCell } from '../../operations/cell.ts';
import {
  blocker,
  productionServer,
  targetServer,
  targetTools,
  unanswered,
} from '../../operations/open-targets.ts';
import { folderSeenHere } from '../../operations/restore-limits.ts';
import { checkThrowaway } from '../../operations/throwaway-cluster.ts';
import type { ServerIdentity } from '../../ports/database-server.ts';
import type { ServerLooks } from '../../ports/world.ts';
import { lookAtSwap } from './swap-databases.ts';

/** Twice the space for a moment: the old database and the new one. */
const spaceFactor = 1.2;

/** The lease, a look beside it, and pg_restore with one job. */
const fewestConnections = 5;

/** Can we make, fill and rename databases there; is it the right server; does anybody else hold it; is there room. */
export async function checkDatabases(
  _step: unknown,
  context: CheckContext<'host' | 'stores' | 'databases' | 'dumpTools' | 'keys' | 'clusters'>,
): Promise<readonly Check[]> {
  const { expectedDatabase, throwaway } = context.targets.target;
  if (throwaway !== undefined) return checkThrowaway(throwaway, context);
  const server = targetServer(context);
  if (expectedDatabase !== undefined && expectedDatabase !== server.databaseName) {
    return [
      failed(
        `The database URL names ${server.databaseName} on ${server.address}, but this runbook is for ${expectedDatabase}.`,
        'Use the credentials of this environment, or the runbook of the other one.',
      ),
    ];
  }
  const identity = await server.identity();
  if (!identity.ok) return [blocker(identity.failure)];
  const checks: Check[] = [];
  if (context.mode === 'drill') checks.push(await checkNotProduction(context, identity.value));
  else checks.push(...(await checkTarget(context, identity.value)));
  if (checks.some((check) => check.verdict === 'failed')) return checks;
  if (!identity.value.mayCreateDatabases && !identity.value.isSuperuser) {
    checks.push(
      failed(
        `${identity.value.user} may not create databases on ${server.address}.`,
        `Let an administrator run: ALTER ROLE ${identity.value.user} CREATEDB;`,
      ),
    );
  }
  checks.push(...(await checkCell(context, identity.value)));
  const { connectionLimit } = identity.value;
  if (connectionLimit !== undefined && connectionLimit < fewestConnections) {
    checks.push(
      failed(
        `${identity.value.user} may have ${connectionLimit} connections to ${server.address} (CONNECTION LIMIT); a restore needs ${fewestConnections} and more.`,
        `Let an administrator run: ALTER ROLE ${identity.value.user} CONNECTION LIMIT -1;`,
      ),
    );
  }
  const lease = await server.lease(server.databaseName);
  if (!lease.ok) checks.push(blocker(lease.failure));
  checks.push(await checkSpace(context, server, identity.value));
  return checks;
}

/** Asks the catalogues alone: the door of the target may be closed, by a swap of this very run that was cut short. */
async function checkTarget(
  context: CheckContext<'databases'>,
  identity: ServerIdentity,
): Promise<readonly Check[]> {
  const server = targetServer(context);
  const found = await server.describeDatabase(server.databaseName);
  if (!found.ok) return [blocker(found.failure)];
  const which = `PostgreSQL ${identity.version} at ${server.address} (${shortIdentifier(identity)})`;
  const swap = readFact(swappedFact, context) ?? readFact(swappingFact, context);
  if (swap !== undefined) {
    const halfway = await lookAtSwap(server, swap);
    if (!halfway.ok) return [blocker(halfway.failure)];
    if (halfway.value.failure !== undefined) return [blocker(halfway.value.failure)];
    return [passed(`${which}: the swap of ${server.databaseName} was begun and is gone on with`)];
  }
  const other = notAsAtBeginning(context, found.value);
  if (other !== undefined) return [blocker(other)];
  if (found.value !== undefined && !found.value.isOurs) {
    return [
      failed(
        `${identity.user} does not own ${server.databaseName}, and only its owner ${found.value.owner} may rename it.`,
        `Use the credentials of ${found.value.owner}, or let an administrator run: GRANT ${found.value.owner} TO ${identity.user};`,
      ),
    ];
  }
  if (readFact(targetFact, context) === undefined)
    await context.record(targetFact, { oid: found.value?.oid ?? null });
  if (found.value === undefined)
    return [passed(`${which}: there is no ${server.databaseName} yet; it will be made`)];
  return [
    passed(
      `${which}: ${server.databaseName} holds ${formatBytes(found.value.sizeBytes)} and will be kept aside`,
    ),
    ...(await checkInTheWay(server, server.databaseName)),
  ];
}

/** Two names may lead to one server; its system identifier is the same whatever the name. */
async function checkNotProduction(context: CheckContext<'databases'>, drill: ServerIdentity): Promise<Check> {
  const server = targetServer(context);
  const live = productionServer(context);
  const mayShare = context.targets.target.besideProduction === true;
  if (live.address === server.address) return mayShare ? beside(live) : sameServer(server.address, drill);
  const production = await live.identity();
  if (!production.ok) {
    return failed(
      `It cannot be shown that the drill's server is not production: ${production.failure.message}`,
      'Bring production within reach, or leave drill.database out (in the runbooks that come along: DRILL_DATABASE_URL): then the drill makes a PostgreSQL of its own on this host.',
    );
  }
  if (production.value.systemIdentifier === drill.systemIdentifier)
    return mayShare ? beside(live) : sameServer(server.address, drill);
  return passed(
    `the drill's server ${server.address} (${shortIdentifier(drill)}) is not production (${shortIdentifier(production.value)})`,
  );
}

/** The runbook allows it; what is made and dropped there carries the mark of the run. */
function beside(live: ServerLooks): Check {
  return passed(
    `the drill makes its own database beside ${live.databaseName} on the server of production, which it slows down for a while`,
  );
}

function sameServer(address: string, identity: ServerIdentity): Check {
  return blocker({
    code: 'production-target',
    message: `The drill's server ${address} is production: both have the system identifier ${identity.systemIdentifier}.`,
    remedy: "Name another PostgreSQL server as the drill's database; a drill never runs on production.",
    retry: 'after-fix',
  });
}

function shortIdentifier(identity: ServerIdentity): string {
  const { systemIdentifier } = identity;
  return `#${systemIdentifier.slice(0, 4)}…${systemIdentifier.slice(-4)}`;
}

/** Only where the server's own disk can be seen: from here, or from the container it runs in. */
async function checkSpace(
  context: CheckContext<'host' | 'databases' | 'dumpTools'>,
  ...[server, identity]: [ServerLooks, ServerIdentity]
): Promise<Check> {
  const live = productionServer(context);
  const described = await live.describeDatabase(live.databaseName);
  if (!described.ok) return unanswered(described.failure);
  const needBytes = (described.value?.sizeBytes ?? 0) * spaceFactor;
  const free = await freeBytesOf(context, { server, identity });
  if (free === undefined) {
    return couldNotVerify(
      `free space of ${server.address} cannot be seen from here; about ${formatBytes(needBytes)} are needed`,
      'Look at the disk of the database server.',
    );
  }
  if (!free.ok) return unanswered(free.failure);
  if (free.value >= needBytes)
    return passed(
      `${formatBytes(free.value)} free for the incoming database, about ${formatBytes(needBytes)} needed`,
    );
  return failed(
    `Not enough space for a second database on ${server.address}: ${formatBytes(free.value)} free, about ${formatBytes(needBytes)} needed.`,
    'Free some space on the database server.',
  );
}

async function freeBytesOf(
  context: CheckContext<'host' | 'databases' | 'dumpTools'>,
  { server, identity }: { readonly server: ServerLooks; readonly identity: ServerIdentity },
): Promise<Outcome<number> | undefined> {
  const { freeBytes } = targetTools(context);
  if (freeBytes !== undefined)
    return identity.dataDirectory === undefined ? undefined : freeBytes(identity.dataDirectory);
  const folder = folderSeenHere(server, identity);
  return folder === undefined ? undefined : context.world.host.freeBytes(folder);
}
