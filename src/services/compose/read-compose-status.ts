import { z } from 'zod';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { ServiceStatus } from '../../ports/services.ts';
import { labels } from './project-files.ts';

/** What `config --format json` says of a service, reduced to what the status needs. */
export type DeclaredService = {
  readonly name: string;
  readonly restartPolicy: string;
  /** Services that have to be there before it. */
  readonly dependsOn: readonly string[];
  /** Where it has some, it starts with all only where one of them is active. */
  readonly hasProfiles: boolean;
};

/** One container of the project. */
export type ComposeContainer = {
  readonly id: string;
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

/** What Docker knows of a container and Compose does not tell. */
export type ContainerDetails = {
  readonly startedAt: string;
  /** Compose's own digest of the service as the container was made; empty where there is none. */
  readonly configHash: string;
  readonly imageName: string;
  readonly imageId: string;
  readonly restartPolicy: string;
  /** The files it was made of. */
  readonly configFiles: readonly string[];
};

/** What is no text comes out empty: a version of Compose may leave it out. */
export const looseText = z.string().catch('');

const containerSchema = z
  .object({
    ID: looseText,
    Name: looseText,
    Service: looseText,
    State: looseText,
    Health: looseText,
    ExitCode: z.number().catch(0),
    /** One text, `a=b,c=d`. */
    Labels: looseText,
  })
  .transform((item) => ({
    id: item.ID,
    name: item.Name,
    service: item.Service,
    state: item.State,
    health: item.Health,
    exitCode: item.ExitCode,
    isOneOff: item.Labels.split(',').includes(`${labels.oneOff}=True`),
  }));

const serviceSchema = z.object({
  restart: z.string().optional().catch(undefined),
  deploy: z
    .object({ restart_policy: z.object({ condition: z.unknown().optional() }).optional().catch(undefined) })
    .catch({}),
  depends_on: z.record(z.string(), z.unknown()).catch({}),
  profiles: z.array(z.unknown()).catch([]),
});

const configSchema = z.object({
  services: z.record(z.string(), serviceSchema.catch({ deploy: {}, depends_on: {}, profiles: [] })),
});

const projectsSchema = z.array(
  z.object({ Name: looseText, ConfigFiles: looseText }).catch({ Name: '', ConfigFiles: '' }),
);

/** Reads JSON lines (Compose 2.21 and later) as well as one array (before that). */
export function readComposeContainers(text: string): Outcome<readonly ComposeContainer[]> {
  const trimmed = text.trim();
  if (trimmed === '') return succeed([]);
  const documents = trimmed.startsWith('[') ? [trimmed] : trimmed.split('\n');
  const containers: ComposeContainer[] = [];
  for (const document of documents) {
    if (document.trim() === '') continue;
    const read = z.array(containerSchema).safeParse([parseJson(document)].flat());
    if (!read.success) return notUnderstood('ps', document);
    containers.push(...read.data);
  }
  return succeed(containers);
}

export function readDeclaredServices(text: string): Outcome<readonly DeclaredService[]> {
  const read = configSchema.safeParse(parseJson(text));
  if (!read.success) return notUnderstood('config', text);
  const declared = Object.entries(read.data.services);
  return succeed(
    declared.map(([name, service]) => ({
      name,
      restartPolicy: restartPolicyOf(service),
      dependsOn: Object.keys(service.depends_on),
      hasProfiles: service.profiles.length > 0,
    })),
  );
}

/** The name of the project, as `config --format json` has it; undefined where it cannot be read. */
export function readProjectName(text: string): string | undefined {
  const read = z.object({ name: z.string().min(1) }).safeParse(parseJson(text));
  return read.success ? read.data.name : undefined;
}

/** What `ls --format json` says of a project that runs. */
type ComposeProject = { readonly name: string; readonly configFiles: readonly string[] };

export function readComposeProjects(text: string): Outcome<readonly ComposeProject[]> {
  const read = projectsSchema.safeParse(text.trim() === '' ? [] : parseJson(text));
  if (!read.success) return notUnderstood('ls', text);
  const projects = read.data.map(({ Name, ConfigFiles }) => ({
    name: Name,
    configFiles: ConfigFiles.split(','),
  }));
  return succeed(projects.filter(({ name }) => name !== ''));
}

/** One entry for each declared service, in Compose's order: by name. */
export function combineStatus(
  declared: readonly Pick<DeclaredService, 'name' | 'restartPolicy'>[],
  ...[containers, starts]: [
    readonly ComposeContainer[],
    ReadonlyMap<string, Pick<ContainerDetails, 'startedAt'>>,
  ]
): readonly ServiceStatus[] {
  return declared.map((service) => {
    const mine = containers.filter((container) => container.service === service.name);
    const replicas = mine.filter((container) => !container.isOneOff);
    const strays = mine.filter((container) => container.isOneOff && isAlive(container));
    return {
      ...statusOfReplicas(service, replicas),
      ...incarnationOf(replicas.filter(isAlive), starts),
      restartPolicy: service.restartPolicy,
      ...(strays.length > 0 ? { strays: strays.map((container) => container.name) } : {}),
    };
  });
}

/** Docker's own starts of a container, after a crash too, make another one of it. */
function incarnationOf(
  alive: readonly ComposeContainer[],
  starts: ReadonlyMap<string, Pick<ContainerDetails, 'startedAt'>>,
): Pick<ServiceStatus, 'incarnation'> {
  const each = alive.flatMap(({ id }) => {
    const startedAt = starts.get(id)?.startedAt;
    return startedAt === undefined ? [] : [`${id.slice(0, 12)} ${startedAt}`];
  });
  return each.length === 0 ? {} : { incarnation: each.sort().join(', ') };
}

/** Several replicas are as alive as the liveliest and as healthy as the sickest of them. */
function statusOfReplicas(
  service: Parameters<typeof combineStatus>[0][number],
  replicas: readonly ComposeContainer[],
): ServiceStatus {
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
function restartPolicyOf({ restart, deploy }: z.infer<typeof serviceSchema>): string {
  if (restart !== undefined) return restart.split(':')[0] ?? 'no';
  if (deploy.restart_policy === undefined) return 'no';
  const condition = deploy.restart_policy.condition ?? 'any';
  return condition === 'any' ? 'always' : condition === 'on-failure' ? 'on-failure' : 'no';
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
