import { fail, succeed } from '../../base/failure.ts';
import { type Check, couldNotVerify, passed } from '../../base/verdict.ts';
import type { CheckContext, StepContext } from '../../kinds/kind.ts';
import { implementKind } from '../../kinds/kind.ts';
import { serviceOnRoute } from '../../kinds/targets.ts';
import { blocker, targetServer } from '../../operations/open-targets.ts';
import {
  noteStopped,
  outsideChecks,
  runningOutside,
  stopOutside,
  stoppedByTheWalk,
} from '../../operations/outside-services.ts';
import {
  checkServices,
  foreignSessions,
  isDown,
  noServices,
  runsElsewhere,
  servicesOf,
  stillConnected,
  stopThem,
} from '../../operations/stop-services.ts';
import { noteWritersDown, writersStillDown } from '../../operations/writers-still-down.ts';
import type { ForeignSession } from '../../ports/database-server.ts';
import type { ServiceStatus } from '../../ports/services.ts';
import type { ServerLooks } from '../../ports/world.ts';
import { stopWritersKind } from './kind.ts';

export const stopWriters = implementKind(stopWritersKind, {
  async preview(step, context) {
    if (context.mode === 'drill')
      return { sentences: ['A drill stops nothing: production goes on.'], commands: [] };
    const services = servicesOf(context);
    return {
      sentences: [
        `Stops ${step.services.join(', ')}, then proves it: services down, and nobody else connected to ${targetServer(context).databaseName}.`,
      ],
      commands: services === undefined ? [] : [services.describe('stop', step.services)],
    };
  },

  async check(step, context) {
    if (context.mode === 'drill') return [];
    const checks = await checkServices(context, step.services);
    const answers = checks.every(({ verdict }) => verdict !== 'failed');
    return [
      ...checkDatabaseStays(context, step.services),
      ...checks,
      ...(answers ? await checkElsewhere(context, step.services) : []),
      ...(answers ? await checkOutside(context, step.services) : []),
    ];
  },

  async run(step, context) {
    if (context.mode === 'drill')
      return succeed({ kind: 'not-executed', reason: 'a drill never stops production' });
    const others = await stopOutside(step, context);
    if (!others.ok) return others;
    const running = await runningOf(step.services, context);
    if (!running.ok) return running;
    await noteStopped(step, context, running.value);
    const stopped = await stopThem(step, context);
    return stopped.ok ? succeed({ kind: 'done' }) : stopped;
  },

  async verify(step, context) {
    const services = servicesOf(context);
    if (services === undefined) return fail(noServices);
    const status = await services.status();
    if (!status.ok) return status;
    const sessions = await foreignSessions(context);
    if (!sessions.ok) return sessions;
    const down = [...step.services, ...stoppedByTheWalk(context)];
    const named = status.value.filter(({ name }) => down.includes(name));
    const outside = await runningOutside(context, down);
    if (!outside.ok) return outside;
    const server = targetServer(context);
    const database = await server.describeDatabase(server.databaseName);
    if (!database.ok) return database;
    const isAbsent = named.some(({ state }) => state === 'absent');
    const hasData = database.value !== undefined && !(isAbsent && (await isEmpty(server)));
    const checks = [
      ...named.map((service) => toCheck(service, hasData)),
      ...restartChecks(named),
      ...outsideChecks(outside.value),
      connectionCheck(context, sessions.value),
    ];
    const stopped = { ...step, services: named.map(({ name }) => name) };
    if (checks.every(({ verdict }) => verdict !== 'failed')) await noteWritersDown(stopped, context);
    return succeed(checks);
  },

  stillHolds: (_step, context) => writersStillDown(context),
});

/** Names may come from variables, which `thaw lint` does not see filled. */
function checkDatabaseStays(
  { targets }: Pick<CheckContext, 'targets'>,
  names: readonly string[],
): readonly Check[] {
  const { services, databaseRoute: via } = targets.production;
  const stopped = serviceOnRoute({ services, via, names });
  if (stopped === undefined) return [];
  return [
    blocker({
      code: 'runbook-invalid',
      message: `${stopped} is to be stopped, and the database is reached through its container.`,
      remedy:
        'Leave it out of the services of stop-writers, or reach the database another way (production.database.via).',
      retry: 'after-fix',
    }),
  ];
}

/** Before anything is touched: nothing could be stopped under this project name, and a second one would be started. */
async function checkElsewhere(
  context: CheckContext<'services'>,
  names: readonly string[],
): Promise<readonly Check[]> {
  const status = await servicesOf(context)?.status();
  if (status?.ok !== true) return status === undefined ? [] : [blocker(status.failure)];
  return status.value
    .filter(({ name }) => names.includes(name))
    .flatMap(runsElsewhere)
    .map(blocker);
}

/** Told before anybody is stopped: the walk asks about them. */
async function checkOutside(
  context: CheckContext<'services'>,
  names: readonly string[],
): Promise<readonly Check[]> {
  const running = await runningOutside(context, names);
  return running.ok ? outsideChecks(running.value) : [blocker(running.failure)];
}

async function runningOf(names: readonly string[], context: StepContext<'services'>) {
  const status = await servicesOf(context)?.status();
  if (status?.ok === false) return status;
  const running = (status?.value ?? []).filter(
    (service) => names.includes(service.name) && service.state !== 'absent' && !isDown(service),
  );
  return succeed(running.map(({ name }) => name));
}

/** As a new server is made with the database of its settings, and nobody has written into it yet. Where that cannot be seen, it is not. */
async function isEmpty(server: ServerLooks): Promise<boolean> {
  const asked = await server.query({ database: server.databaseName, sql: tablesSql });
  return asked.ok && asked.value[0]?.tables === '0';
}

const tablesSql = `SELECT count(*) AS tables FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm', 'f', 'S') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;

/** Absent is not stopped. Only where there is no database either was there nothing to stop. */
function absentCheck(service: ServiceStatus, hasDatabase: boolean): Check {
  const { name, elsewhere = [] } = service;
  const [same] = runsElsewhere(service);
  if (same !== undefined) return blocker(same);
  const words = elsewhere.map(({ container, project }) => `${container} of project ${project}`).join(', ');
  if (elsewhere.length > 0)
    return couldNotVerify(
      `${name} is not there, and a service of that name runs as ${words}`,
      `Look whether that is this application; then stop it there, or name its project in the runbook.`,
    );
  if (!hasDatabase) return passed(`${name} is not there, and no database that it could write into`);
  return couldNotVerify(
    `${name} is not there although its database is: nothing was stopped`,
    `Look for ${name} under another project name, folder or host; stop it there.`,
  );
}

function toCheck(service: ServiceStatus, hasDatabase: boolean): Check {
  if (service.state === 'absent' && (service.strays ?? []).length === 0)
    return absentCheck(service, hasDatabase);
  const strays = service.strays ?? [];
  if (!isDown(service))
    return blocker({
      code: 'conflict',
      message: `${service.name} is still ${service.state}`,
      remedy: `Stop ${service.name} by hand, then retry.`,
      retry: 'after-fix',
    });
  if (strays.length > 0) {
    return blocker({
      code: 'conflict',
      message: `${service.name} is down, but ${strays.length} containers started by "run" still live: ${strays.join(', ')}`,
      remedy: `Stop them: docker stop ${strays.join(' ')}`,
      retry: 'after-fix',
    });
  }
  return passed(`${service.name} is ${service.state === 'absent' ? 'not there any more' : 'down'}`);
}

function restartChecks(services: readonly ServiceStatus[]): readonly Check[] {
  const restarting = services.filter(
    ({ restartPolicy }) => restartPolicy !== undefined && restartPolicy !== 'no',
  );
  if (restarting.length === 0) return [];
  const text = restarting.map(({ name, restartPolicy }) => `${name} ${restartPolicy}`).join(', ');
  return [passed(`restart policies (${text}) hold only while nobody starts the services or the daemon`)];
}

function connectionCheck(context: StepContext<'databases'>, sessions: readonly ForeignSession[]): Check {
  if (sessions.length === 0)
    return passed(`nobody else is connected to ${targetServer(context).databaseName}`);
  return blocker(stillConnected(context, sessions));
}
