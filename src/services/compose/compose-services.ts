import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { pause } from '../../platform/pause.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import type { ServiceStatus, Services } from '../../ports/services.ts';
import { actionArgs, actOnProject, unknownService } from './act-on-project.ts';
import { type ComposeCommand, createComposeCommand } from './compose-command.ts';
import { addElsewhere } from './find-elsewhere.ts';
import type { ComposeConfig } from './find-project-files.ts';
import { findVolume } from './find-volume.ts';
import { openImageArchive } from './image-archive.ts';
import { listContainers, listDeclared, lookAtAll, orphansAmong, type Seen } from './look-at-project.ts';
import { findNeededFiles } from './needed-files.ts';
import { addOutside } from './outside-files.ts';
import type { ProjectFiles } from './project-files.ts';
import { combineStatus } from './read-compose-status.ts';

const followPauseMs = 500;

/**
 * The services of a compose file, through the docker CLI.
 * @param environment where DOCKER_HOST and its kin are read; the process's own when left out.
 */
export function openComposeServices(options: {
  readonly config: ComposeConfig;
  readonly processes: ProcessRunner;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}): Services {
  const { config, processes, environment = process.env } = options;
  const compose = createComposeCommand({ config, processes, environment });

  const act =
    (action: 'stop' | 'start'): Services['stop'] =>
    async (request) => {
      const acted = await actOnProject(compose, { action, config, request });
      // What comes after an act is looked at afresh, the files included.
      compose.forget();
      return acted;
    };

  return {
    address: `compose file ${config.file}`,
    async probe() {
      const services = await listDeclared(compose);
      if (!services.ok) return services;
      // The configuration is read without Docker; the list of containers is not.
      const answered = await listContainers(compose);
      if (!answered.ok) return answered;
      const names = services.value.map((service) => service.name);
      return succeed({ version: `Docker Compose ${compose.version()}`, services: names });
    },
    async status(asked) {
      const files = await compose.files();
      if (!files.ok) return files;
      const looked = await lookAtAll(compose, asked?.differing === true);
      if (!looked.ok) return looked;
      const marked = await markAll(compose, { seen: looked.value, files: files.value, config });
      if (!marked.ok) return marked;
      return addElsewhere(marked.value, {
        compose,
        files: files.value.named,
        async containersOf(project) {
          const other = createComposeCommand({ config: { ...config, project }, processes, environment });
          const found = await listContainers(other);
          return found.ok ? succeed(found.value.containers) : found;
        },
      });
    },
    volumeAt: (path) => findVolume(compose, path),
    neededFiles: () => findNeededFiles(compose),
    images: openImageArchive(compose),
    describe: (action, names) => compose.describe(actionArgs(action, names)),
    stop: act('stop'),
    start: act('start'),
    async followLog(request) {
      const allKnown = await requireServices(compose, { names: [request.service], config });
      return allKnown.ok ? followLog(compose, request) : allKnown;
    },
  };
}

async function markAll(
  compose: ComposeCommand,
  of: { readonly seen: Seen; readonly files: ProjectFiles; readonly config: ComposeConfig },
): Promise<Outcome<readonly ServiceStatus[]>> {
  const { declared, containers, details, differing } = of.seen;
  const orphans = orphansAmong(containers, declared).map((name) => {
    const one = containers.find(({ service }) => service === name);
    return { name, restartPolicy: details.get(one?.id ?? '')?.restartPolicy ?? 'no' };
  });
  const all = combineStatus([...declared, ...orphans], containers, details);
  const known = await addOutside(all, { compose, ...of.seen, ...of });
  if (!known.ok) return known;
  return succeed(
    known.value.map((status) =>
      status.state === 'running' && differing.has(status.name)
        ? { ...status, differs: true as const }
        : status,
    ),
  );
}

async function requireServices(
  compose: ComposeCommand,
  { names, config }: { readonly names: readonly string[]; readonly config: ComposeConfig },
): Promise<Outcome<void>> {
  const services = await listDeclared(compose);
  if (!services.ok) return services;
  const known = services.value.map((service) => service.name);
  const unknown = names.filter((name) => !known.includes(name));
  return unknown.length === 0 ? succeed(undefined) : fail(unknownService(unknown, { known, config }));
}

async function followLog(
  compose: ComposeCommand,
  { service, onLine, signal }: Parameters<Services['followLog']>[0],
): Promise<Outcome<void>> {
  let from = ['--tail', '0'];
  while (!signal.aborted) {
    const args = ['--profile', '*', 'logs', '--follow', '--no-color', '--no-log-prefix', ...from, service];
    const ran = await compose.run({ args, onLine, signal, stallMs: 'endless' });
    if (!ran.ok && !signal.aborted) return ran;
    // Compose ends with the container. What the next one says before we look again must not be lost.
    from = ['--since', new Date().toISOString()];
    await pause(followPauseMs, signal);
  }
  return succeed(undefined);
}
