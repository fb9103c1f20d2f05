import { drillOfComment, nameBeside } from '../base/digest.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { type Check, couldNotVerify } from '../base/verdict.ts';
import type { StepContext } from '../kinds/kind.ts';
import type { MarkedDatabase } from '../ports/database-server.ts';
import { targetServer } from './open-targets.ts';

/**
 * Copies of production that earlier drills made and could not take away: their server was down, or they were killed and nobody came
 * back to them. A drill takes them away before it makes its own; those of live runs are never touched, since a person may go on with them.
 */
export async function sweepDrills(context: StepContext<'databases'>): Promise<void> {
  for (const left of await leftByDrills(context)) {
    const drill = drillOfComment(left.comment);
    const dropped = await drop(left, context);
    context.output(
      dropped.ok
        ? `${left.name} dropped, which the drill ${drill} had left behind`
        : `${left.name} of the drill ${drill} is still there: ${dropped.failure.message}`,
    );
  }
  await sweepRoles(context);
}

/** A drill that ended between its database and its role left a role that owns nothing and reaches nothing. */
async function sweepRoles(context: StepContext<'databases'>): Promise<void> {
  const server = targetServer(context);
  const marked = await server.idleMarkedRoles();
  if (!marked.ok) return;
  for (const { name, comment } of marked.value) {
    const drill = drillOfComment(comment);
    if (drill === undefined || drill === context.runId) continue;
    await context.recordCommand(`DROP ROLE ${name}`);
    const dropped = await server.dropCell({ role: name, database: server.databaseName, comment });
    context.output(
      dropped.ok
        ? `role ${name} dropped, which the drill ${drill} had left behind`
        : `role ${name} of the drill ${drill} is still there: ${dropped.failure.message}`,
    );
  }
}

async function drop(left: MarkedDatabase, context: StepContext<'databases'>): Promise<Outcome<void>> {
  const server = targetServer(context);
  const permit = await context.guard.dropLeftover(server, left);
  if (!permit.ok || permit.value === undefined) return permit.ok ? succeed(undefined) : permit;
  await context.recordCommand(`DROP DATABASE ${left.name} WITH (FORCE)`);
  return server.dropDatabase(permit.value);
}

/** For the end of a drill: what still lies there. */
export async function leftoverChecks(context: StepContext<'databases'>): Promise<readonly Check[]> {
  const { address } = targetServer(context);
  return (await leftByDrills(context)).map(({ name, comment }) =>
    couldNotVerify(
      `${name} on ${address} is still there, a copy of production that the drill ${drillOfComment(comment)} left behind`,
      'Drop it by hand, as a user who may; the next drill tries again.',
    ),
  );
}

/** Nothing where the server does not say: what is wrong with it the drill itself tells. */
async function leftByDrills(context: StepContext<'databases'>): Promise<readonly MarkedDatabase[]> {
  const server = targetServer(context);
  const marked = await server.markedDatabases();
  if (!marked.ok) return [];
  return marked.value.filter(({ name, comment }) => {
    const drill = drillOfComment(comment);
    if (drill === undefined || drill === context.runId) return false;
    // What lies beside another database of this server belongs to the drills of another system.
    return name === nameBeside(server.databaseName, { role: 'restore', runId: drill });
  });
}
