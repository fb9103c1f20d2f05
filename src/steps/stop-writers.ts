import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatTime } from '../base/units.ts';
import { type Check, passed } from '../base/verdict.ts';
import type { CheckContext, StepContext, StepHandler } from '../engine/step-handler.ts';
import { durationMs } from '../engine/targets.ts';
import type { ForeignSession } from '../ports/database-server.ts';
import type { ServiceStatus, Services } from '../ports/services.ts';
import { findStoppedDatabase } from '../runbook/database-container.ts';
import { actingServer, blocker } from './open-targets.ts';

const lookAgainMs = 500;

export const stopWriters: StepHandler<'stop-writers'> = {
  kind: 'stop-writers',
  title: 'Stop writers',
  afterCrash: 'run-again',

  async preview(step, context) {
    if (context.mode === 'drill')
      return { sentences: ['A drill stops nothing: production goes on.'], commands: [] };
    const services = servicesOf(context);
    return {
      sentences: [
        `Stops ${step.services.join(', ')}, then proves it: services down, and nobody else connected to ${actingServer(context).databaseName}.`,
      ],
      commands: services === undefined ? [] : [services.describe('stop', step.services)],
    };
  },

  async check(step, context) {
    if (context.mode === 'drill') return [];
    return [...checkDatabaseStays(context, step.services), ...(await checkServices(context, step.services))];
  },

  async run(step, context) {
    if (context.mode === 'drill')
      return succeed({ kind: 'not-executed', reason: 'a drill never stops production' });
    const services = servicesOf(context);
    if (services === undefined) return fail(noServices);
    await context.recordCommand(services.describe('stop', step.services));
    const stopped = await services.stop({
      names: step.services,
      onLine: context.output,
      signal: context.signal,
    });
    if (!stopped.ok) return stopped;
    const quiet = await waitForQuiet(context, durationMs(step.settle));
    return quiet.ok ? succeed({ kind: 'done' }) : quiet;
  },

  async verify(step, context) {
    const services = servicesOf(context);
    if (services === undefined) return fail(noServices);
    const status = await services.status();
    if (!status.ok) return status;
    const sessions = await foreignSessions(context);
    if (!sessions.ok) return sessions;
    const named = status.value.filter(({ name }) => step.services.includes(name));
    return succeed([
      ...named.map(toCheck),
      ...restartChecks(named),
      connectionCheck(context, sessions.value),
    ]);
  },
};

function servicesOf(context: Pick<StepContext, 'world' | 'targets'>): Services | undefined {
  const config = context.targets.production.services;
  return config === undefined ? undefined : context.world.openServices(config);
}

const noServices = {
  code: 'runbook-invalid' as const,
  message: 'The runbook names no services.',
  remedy: 'Declare production.services in the runbook.',
  retry: 'after-fix' as const,
};

/** Names may come from variables, which `thaw lint` does not see filled. */
function checkDatabaseStays(
  { targets }: Pick<CheckContext, 'targets'>,
  names: readonly string[],
): readonly Check[] {
  const { services, databaseRoute: via } = targets.production;
  const stopped = findStoppedDatabase({ services, via, names });
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

/** Shared with start-services: what drives the services answers, and knows every name. */
export async function checkServices(
  context: CheckContext,
  names: readonly string[],
): Promise<readonly Check[]> {
  const services = servicesOf(context);
  if (services === undefined) return [blocker(noServices)];
  const probed = await services.probe();
  if (!probed.ok) return [blocker(probed.failure)];
  const unknown = names.filter((name) => !probed.value.services.includes(name));
  if (unknown.length === 0) return [passed(`${services.address} answers (${probed.value.version})`)];
  return [
    blocker({
      code: 'not-found',
      message: `${services.address} has no service ${unknown.join(', ')}; it has ${probed.value.services.join(', ')}.`,
      remedy: 'Correct the names in the runbook, or the file.',
      retry: 'after-fix',
    }),
  ];
}

/** The database to be replaced may not exist on a clean host; then nobody can be connected to it. */
async function foreignSessions(context: StepContext): Promise<Outcome<readonly ForeignSession[]>> {
  const server = actingServer(context);
  const found = await server.describeDatabase(server.databaseName);
  if (!found.ok) return found;
  return found.value === undefined ? succeed([]) : server.foreignSessions(server.databaseName);
}

/** Clients hang up a moment after their process ends. What stays beyond that is somebody we do not know. */
async function waitForQuiet(context: StepContext, settleMs: number): Promise<Outcome<void>> {
  const untilMs = context.world.host.now() + settleMs;
  for (;;) {
    const sessions = await foreignSessions(context);
    if (!sessions.ok) return sessions;
    if (sessions.value.length === 0) return succeed(undefined);
    if (context.world.host.now() < untilMs && !context.signal.aborted) {
      await context.world.host.sleep(lookAgainMs, context.signal);
      continue;
    }
    const decided = await askAboutSessions(context, sessions.value);
    if (!decided.ok) return decided;
    if (decided.value === 'disconnect') {
      const ended = await actingServer(context).terminateSessions(actingServer(context).databaseName);
      if (!ended.ok) return ended;
      context.output(`disconnected ${ended.value} clients`);
    }
    await context.world.host.sleep(lookAgainMs, context.signal);
    const left = await foreignSessions(context);
    if (!left.ok) return left;
    if (left.value.length === 0) return succeed(undefined);
    if (decided.value === 'disconnect') return fail(stillConnected(context, left.value));
  }
}

async function askAboutSessions(
  context: StepContext,
  sessions: readonly ForeignSession[],
): Promise<Outcome<string>> {
  const answer = await context.ask({
    kind: 'choose',
    id: 'stop-writers.sessions',
    stepId: 'stop-writers',
    title: `${sessions.length} clients are still connected to ${actingServer(context).databaseName}. What now?`,
    body: sessions.map(describeSession),
    choices: [
      { value: 'look-again', label: 'look again' },
      { value: 'disconnect', label: 'disconnect them' },
      { value: 'give-up', label: 'neither' },
    ],
    preferred: 'look-again',
  });
  if (!answer.ok)
    return answer.failure.code === 'answer-missing' ? fail(stillConnected(context, sessions)) : answer;
  return answer.value.value === 'give-up'
    ? fail(stillConnected(context, sessions))
    : succeed(answer.value.value);
}

function stillConnected(context: StepContext, sessions: readonly ForeignSession[]) {
  return {
    code: 'conflict' as const,
    message: `${sessions.length} clients are still connected to ${actingServer(context).databaseName}: ${sessions.map(describeSession).join('; ')}.`,
    remedy: 'Stop these clients and retry, or answer --answer stop-writers.sessions=disconnect.',
    retry: 'after-fix' as const,
  };
}

function describeSession(session: ForeignSession): string {
  const since =
    session.lastQueryStartMs === undefined
      ? 'no query yet'
      : `last query ${formatTime(session.lastQueryStartMs)}`;
  return `${session.application || 'unnamed'} as ${session.user} from ${session.address || 'local socket'}, ${since}`;
}

function toCheck(service: ServiceStatus): Check {
  const down = service.state === 'stopped' || service.state === 'absent' || service.state === 'finished';
  const strays = service.strays ?? [];
  if (!down)
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
  return passed(`${service.name} is ${service.state === 'absent' ? 'not there' : 'down'}`);
}

function restartChecks(services: readonly ServiceStatus[]): readonly Check[] {
  const restarting = services.filter(
    ({ restartPolicy }) => restartPolicy !== undefined && restartPolicy !== 'no',
  );
  if (restarting.length === 0) return [];
  const text = restarting.map(({ name, restartPolicy }) => `${name} ${restartPolicy}`).join(', ');
  return [passed(`restart policies (${text}) hold only while nobody starts the services or the daemon`)];
}

function connectionCheck(context: StepContext, sessions: readonly ForeignSession[]): Check {
  if (sessions.length === 0)
    return passed(`nobody else is connected to ${actingServer(context).databaseName}`);
  return blocker(stillConnected(context, sessions));
}
