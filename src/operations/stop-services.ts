import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { formatTime } from '../base/units.ts';
import { type Check, passed } from '../base/verdict.ts';
import type { CheckContext, StepContext } from '../kinds/kind.ts';
import { durationMs, type Targets } from '../kinds/targets.ts';
import type { ForeignSession } from '../ports/database-server.ts';
import type { ServiceStatus, ServicesConfig } from '../ports/services.ts';
import { blocker, targetServer } from './open-targets.ts';

const lookAgainMs = 500;

/** Services that write, and how long their clients may take to hang up, as the runbook writes it. */
export type ToStop = { readonly services: readonly string[]; readonly settle: string };

/** Stops the services and waits until nobody is connected; who stays is asked about. */
export async function stopThem(
  step: ToStop,
  context: StepContext<'host' | 'databases' | 'services'>,
): Promise<Outcome<void>> {
  const services = servicesOf(context);
  if (services === undefined) return fail(noServices);
  await context.recordCommand(services.describe('stop', step.services));
  const stopped = await services.stop({
    names: step.services,
    onLine: context.output,
    signal: context.signal,
  });
  if (!stopped.ok) return stopped;
  const status = await services.status();
  if (!status.ok) return status;
  const [elsewhere] = status.value.filter(({ name }) => step.services.includes(name)).flatMap(runsElsewhere);
  return elsewhere === undefined ? waitForQuiet(context, durationMs(step.settle)) : fail(elsewhere);
}

/** Under another project name of the same file: Compose stopped nothing, and its clients are no strangers to be disconnected. */
export function runsElsewhere({ name, elsewhere = [] }: ServiceStatus): readonly Failure[] {
  const same = elsewhere.filter(({ sameFile }) => sameFile);
  const [first] = same;
  if (first === undefined) return [];
  const words = same.map(({ container, project }) => `${container} of project ${project}`).join(', ');
  return [
    {
      code: 'conflict',
      message: `${name} is not there under this project name, but the same file runs as ${words}.`,
      remedy: `Name the project in the runbook (production.services.project: ${first.project}), or stop it there: docker compose --project-name ${first.project} stop ${name}; then retry.`,
      retry: 'after-fix',
    },
  ];
}

/** Names of them for a preview, everything for a run: as much as the world it is handed has. */
export function servicesOf<Face>(context: {
  readonly world: { openServices(config: ServicesConfig): Face };
  readonly targets: Targets;
}): Face | undefined {
  const config = context.targets.production.services;
  return config === undefined ? undefined : context.world.openServices(config);
}

export const noServices = {
  code: 'runbook-invalid' as const,
  message: 'The runbook names no services.',
  remedy: 'Declare production.services in the runbook.',
  retry: 'after-fix' as const,
};

/** A health check (pg_isready) asks nothing and is gone in a moment. */
const passingMs = 1000;

/**
 * The database to be replaced may not exist on a clean host; then nobody can be connected to it. Who has asked nothing yet is looked
 * at twice: whoever only knocks is no writer.
 */
export async function foreignSessions(
  context: StepContext<'host' | 'databases'>,
): Promise<Outcome<readonly ForeignSession[]>> {
  const server = targetServer(context);
  const found = await server.describeDatabase(server.databaseName);
  if (!found.ok) return found;
  if (found.value === undefined) return succeed([]);
  const first = await server.foreignSessions(server.databaseName);
  if (!first.ok || first.value.every(hasAsked)) return first;
  await context.world.host.sleep(passingMs, context.signal);
  const again = await server.foreignSessions(server.databaseName);
  if (!again.ok) return again;
  const before = new Set(first.value.map(({ pid }) => pid));
  return succeed(again.value.filter((session) => hasAsked(session) || before.has(session.pid)));
}

function hasAsked({ lastQueryStartMs }: ForeignSession): boolean {
  return lastQueryStartMs !== undefined;
}

/** Clients hang up a moment after their process ends. What stays beyond that is somebody we do not know. */
async function waitForQuiet(
  context: StepContext<'host' | 'databases'>,
  settleMs: number,
): Promise<Outcome<void>> {
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
      const ended = await targetServer(context).terminateSessions(targetServer(context).databaseName);
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
  context: StepContext<'databases'>,
  sessions: readonly ForeignSession[],
): Promise<Outcome<string>> {
  const answer = await context.ask({
    kind: 'choose',
    id: 'stop-writers.sessions',
    stepId: context.stepId,
    title: `${sessions.length} clients are still connected to ${targetServer(context).databaseName}. What now?`,
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

export function stillConnected(context: StepContext<'databases'>, sessions: readonly ForeignSession[]) {
  return {
    code: 'conflict' as const,
    message: `${sessions.length} clients are still connected to ${targetServer(context).databaseName}: ${sessions.map(describeSession).join('; ')}.`,
    remedy: 'Stop these clients and retry, or answer --answer stop-writers.sessions=disconnect.',
    retry: 'after-fix' as const,
  };
}

export function describeSession(session: ForeignSession): string {
  const since =
    session.lastQueryStartMs === undefined
      ? 'no query yet'
      : `last query ${formatTime(session.lastQueryStartMs)}`;
  return `${session.application || 'unnamed'} as ${session.user} from ${session.address || 'local socket'}, ${since}`;
}

export function isDown({ state, elsewhere = [] }: ServiceStatus): boolean {
  if (elsewhere.some(({ sameFile }) => sameFile)) return false;
  return state === 'stopped' || state === 'absent' || state === 'finished';
}

/** What drives the services answers, and knows every name. */
export async function checkServices(
  context: CheckContext<'services'>,
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
