import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ServiceStatus } from '../../ports/services.ts';

/** What `config --format json` says of a service, reduced to what the status needs. */
export type DeclaredService = { readonly name: string; readonly restartPolicy: string };

/** One container as `ps --all --format json` shows it. */
export type ComposeContainer = {
  readonly name: string;
  readonly service: string;
  /** created, running, paused, restarting, removing, exited, dead. */
  readonly state: string;
  /** healthy, unhealthy, starting; empty without a health check. */
  readonly health: string;
  readonly exitCode: number;
  /** Started by `compose run`, beside the service. */
  readonly isOneOff: boolean;
};

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads JSON lines (Compose 2.21 and later) as well as one array (before that). */
export function readComposeContainers(text: string): Outcome<readonly ComposeContainer[]> {
  const trimmed = text.trim();
  if (trimmed === '') return succeed([]);
  const documents = trimmed.startsWith('[') ? [trimmed] : trimmed.split('\n');
  const containers: ComposeContainer[] = [];
  for (const document of documents) {
    if (document.trim() === '') continue;
    const value = parseJson(document);
    if (value === undefined) return notUnderstood('ps', document);
    for (const item of Array.isArray(value) ? value : [value]) {
      if (!isObject(item)) return notUnderstood('ps', document);
      containers.push({
        name: textOf(item.Name),
        service: textOf(item.Service),
        state: textOf(item.State),
        health: textOf(item.Health),
        exitCode: typeof item.ExitCode === 'number' ? item.ExitCode : 0,
        isOneOff: isOneOff(item.Labels),
      });
    }
  }
  return succeed(containers);
}

export function readDeclaredServices(text: string): Outcome<readonly DeclaredService[]> {
  const value = parseJson(text);
  if (!isObject(value) || !isObject(value.services)) return notUnderstood('config', text);
  const declared = Object.entries(value.services).map(([name, service]) => ({
    name,
    restartPolicy: isObject(service) ? restartPolicyOf(service) : 'no',
  }));
  return succeed(declared);
}

/** What `ls --format json` says of a project that runs. */
type ComposeProject = { readonly name: string; readonly configFiles: readonly string[] };

export function readComposeProjects(text: string): Outcome<readonly ComposeProject[]> {
  const value = text.trim() === '' ? [] : parseJson(text);
  if (!Array.isArray(value)) return notUnderstood('ls', text);
  const projects = value.map((item: unknown) => {
    const { Name, ConfigFiles } = isObject(item) ? item : {};
    return { name: textOf(Name), configFiles: textOf(ConfigFiles).split(',') };
  });
  return succeed(projects.filter(({ name }) => name !== ''));
}

/** One entry for each declared service, in Compose's order: by name. */
export function combineStatus(
  declared: readonly DeclaredService[],
  containers: readonly ComposeContainer[],
): readonly ServiceStatus[] {
  return declared.map((service) => {
    const mine = containers.filter((container) => container.service === service.name);
    const replicas = mine.filter((container) => !container.isOneOff);
    const strays = mine.filter((container) => container.isOneOff && isAlive(container));
    return {
      ...statusOfReplicas(service, replicas),
      restartPolicy: service.restartPolicy,
      ...(strays.length > 0 ? { strays: strays.map((container) => container.name) } : {}),
    };
  });
}

/** Several replicas are as alive as the liveliest and as healthy as the sickest of them. */
function statusOfReplicas(service: DeclaredService, replicas: readonly ComposeContainer[]): ServiceStatus {
  const name = service.name;
  if (replicas.length === 0) return { name, state: 'absent' };
  if (replicas.some((container) => container.state === 'restarting')) return { name, state: 'restarting' };
  const running = replicas.filter(isAlive);
  if (running.length > 0) {
    const health = worstHealth(running);
    return { name, state: 'running', ...(health === undefined ? {} : { health }) };
  }
  const exited = replicas.filter((container) => container.state === 'exited' || container.state === 'dead');
  if (exited.length === 0) return { name, state: 'stopped' };
  const exitCode = exited.find((container) => container.exitCode !== 0)?.exitCode ?? 0;
  // A service that Docker would not start again after a clean end has done its work.
  const isOneShot = service.restartPolicy === 'no' || service.restartPolicy === 'on-failure';
  return { name, state: isOneShot && exitCode === 0 ? 'finished' : 'stopped', exitCode };
}

/** A paused container keeps its connections, so it counts as running. */
function isAlive(container: ComposeContainer): boolean {
  return ['running', 'paused', 'restarting'].includes(container.state);
}

function worstHealth(containers: readonly ComposeContainer[]): ServiceStatus['health'] {
  for (const health of ['unhealthy', 'starting', 'healthy'] as const) {
    if (containers.some((container) => container.health === health)) return health;
  }
  return undefined;
}

/** `restart` wins over `deploy.restart_policy`, as in Compose; on-failure:3 is on-failure. */
function restartPolicyOf(service: JsonObject): string {
  if (typeof service.restart === 'string') return service.restart.split(':')[0] ?? 'no';
  const deploy = isObject(service.deploy) ? service.deploy : {};
  const policy = isObject(deploy.restart_policy) ? deploy.restart_policy : undefined;
  if (policy === undefined) return 'no';
  const condition = policy.condition ?? 'any';
  return condition === 'any' ? 'always' : condition === 'on-failure' ? 'on-failure' : 'no';
}

/** Labels come as one text, `a=b,c=d`. */
function isOneOff(labels: unknown): boolean {
  return textOf(labels).split(',').includes('com.docker.compose.oneoff=True');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The text itself is not repeated: `config` prints the values of environment variables. */
function notUnderstood(command: string, text: string) {
  return fail({
    code: 'command-failed',
    message: `docker compose ${command} prints ${text.length} characters that are not the JSON it promises.`,
    remedy: `Run docker compose ${command} --format json by hand and compare the version of Compose.`,
    retry: 'after-fix',
  });
}
