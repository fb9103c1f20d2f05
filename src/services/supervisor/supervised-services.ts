import { get } from 'node:http';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatDuration } from '../../base/units.ts';
import { ageMs, type ProcessIdentity } from '../../platform/process-identity.ts';
import type { ServiceRequest, ServiceStatus, Services } from '../../ports/services.ts';
import { readControlFile, type SupervisedService } from './control-file.ts';
import { followFile } from './follow-file.ts';
import { livesOn, readPidFile } from './pid-file.ts';
import { startProcess } from './start-process.ts';
import { stopProcess } from './stop-process.ts';

/** By service name, known only for processes that this program started and saw end. */
type ExitCodes = Map<string, number>;

/**
 * Services that are plain processes of this host, listed in a control file. The rehearsal's sandbox runs its small
 * company this way, so that it needs no Docker. Processes outlive this program; their pid files lead back to them.
 */
export function openSupervisedServices({ controlFile }: { readonly controlFile: string }): Services {
  const select = (names: readonly string[]) => selectServices(controlFile, names);
  const exitCodes: ExitCodes = new Map();

  return {
    address: `processes in ${controlFile}`,
    async probe() {
      const services = await select([]);
      if (!services.ok) return services;
      return succeed({ version: 'process supervisor 1', services: services.value.map(({ name }) => name) });
    },
    async status() {
      const services = await select([]);
      return services.ok
        ? succeed(await Promise.all(services.value.map((service) => statusOf(service, exitCodes))))
        : services;
    },
    describe(action, names) {
      const who = names.length === 0 ? 'every service' : names.join(' ');
      const how = action === 'stop' ? ' (SIGTERM, SIGKILL after 5 s)' : '';
      return `${action} ${who} of ${controlFile}${how}`;
    },
    async stop(request) {
      const services = await select(request.names);
      if (!services.ok) return services;
      const ends = await Promise.all(services.value.map((service) => stopOne(service, request)));
      return ends.find((end) => !end.ok) ?? succeed(undefined);
    },
    async start(request) {
      const services = await select(request.names);
      if (!services.ok) return services;
      for (const service of services.value) {
        const started = await startOne(service, { ...request, exitCodes });
        if (!started.ok) return started;
      }
      return succeed(undefined);
    },
    async followLog({ service, onLine, signal }) {
      const services = await select([service]);
      if (!services.ok) return services;
      const file = services.value[0]?.logFile;
      if (file !== undefined) await followFile({ file, onLine, signal });
      return succeed(undefined);
    },
  };
}

async function selectServices(
  controlFile: string,
  names: readonly string[],
): Promise<Outcome<readonly SupervisedService[]>> {
  const services = await readControlFile(controlFile);
  if (!services.ok || names.length === 0) return services;
  const unknown = names.filter((name) => !services.value.some((service) => service.name === name));
  if (unknown.length > 0) return fail(unknownService(unknown, { services: services.value, controlFile }));
  return succeed(services.value.filter((service) => names.includes(service.name)));
}

async function statusOf(service: SupervisedService, exitCodes: ExitCodes): Promise<ServiceStatus> {
  const identity = await readPidFile(service.pidFile);
  const base = { name: service.name, restartPolicy: 'no' };
  if (identity === undefined) return { ...base, state: 'absent' };
  if (await livesOn(identity)) {
    const running = {
      ...base,
      state: 'running',
      incarnation: `${identity.pid} ${identity.startTicks}`,
    } as const;
    if (service.healthUrl === undefined) return running;
    return { ...running, health: await checkHealth(service.healthUrl, identity) };
  }
  const exitCode = exitCodes.get(service.name);
  return { ...base, state: 'stopped', ...(exitCode === undefined ? {} : { exitCode }) };
}

const answerLimitMs = 2000;
/** How long a service may take to answer for the first time before it is called unhealthy. */
const startPeriodMs = 15_000;

async function checkHealth(
  healthUrl: string,
  identity: ProcessIdentity,
): Promise<NonNullable<ServiceStatus['health']>> {
  if (await answersWell(healthUrl)) return 'healthy';
  return (await ageMs(identity)) < startPeriodMs ? 'starting' : 'unhealthy';
}

/** A connection of its own for each question: a kept one would hold up the end of the service. */
function answersWell(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(answerLimitMs) }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 300);
    });
    request.on('error', () => resolve(false));
  });
}

async function startOne(
  service: SupervisedService,
  request: ServiceRequest & { readonly exitCodes: ExitCodes },
): Promise<Outcome<void>> {
  const { exitCodes } = request;
  const running = await readPidFile(service.pidFile);
  if (running !== undefined && (await livesOn(running))) {
    request.onLine(`${service.name} is running already (pid ${running.pid})`);
    return succeed(undefined);
  }
  exitCodes.delete(service.name);
  const started = await startProcess(service, (exitCode) => {
    if (exitCode !== null) exitCodes.set(service.name, exitCode);
  });
  if (!started.ok) return started;
  request.onLine(`${service.name} started (pid ${started.value.pid})`);
  return succeed(undefined);
}

async function stopOne(service: SupervisedService, request: ServiceRequest): Promise<Outcome<void>> {
  const identity = await readPidFile(service.pidFile);
  if (identity === undefined || !(await livesOn(identity))) {
    request.onLine(`${service.name} is not running`);
    return succeed(undefined);
  }
  request.onLine(`${service.name} is being stopped (pid ${identity.pid})`);
  const startedAtMs = performance.now();
  const stopped = await stopProcess({ name: service.name, identity, signal: request.signal });
  if (!stopped.ok) return stopped;
  const took = formatDuration(performance.now() - startedAtMs);
  request.onLine(`${service.name} stopped on ${stopped.value} after ${took}`);
  return succeed(undefined);
}

function unknownService(
  unknown: readonly string[],
  known: { readonly services: readonly SupervisedService[]; readonly controlFile: string },
) {
  const names = known.services.map((service) => service.name).join(', ');
  return {
    code: 'not-found',
    message: `There is no service ${unknown.join(', ')} in ${known.controlFile}: it has ${names || 'none'}.`,
    remedy: 'Correct the names of the services in the runbook.',
    retry: 'after-fix',
  } as const;
}
