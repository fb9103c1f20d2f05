import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { Services } from '../../ports/services.ts';
import type { ComposeCommand } from './compose-command.ts';
import type { ComposeConfig } from './find-project-files.ts';
import { listActive, listContainers, listDeclared, lookAtAll } from './look-at-project.ts';
import { combineStatus, type DeclaredService } from './read-compose-status.ts';

/** Stops or starts: what its files declare through Compose, other containers of the project one by one. */
export async function actOnProject(
  compose: ComposeCommand,
  of: {
    readonly action: 'stop' | 'start';
    readonly config: ComposeConfig;
    readonly request: Parameters<Services['start']>[0];
  },
): Promise<Outcome<void>> {
  const { action, config } = of;
  const { names, onLine, signal, remake = [] } = of.request;
  const split = await splitNames(compose, { names, config });
  if (!split.ok) return split;
  const { declared, orphans } = split.value;
  for (const id of orphans) {
    const moved = await compose.ask([action, id]);
    if (!moved.ok) return moved;
  }
  if (names.length > 0 && declared.length === 0) return succeed(undefined);
  const args = await argsOf(compose, { action, names: declared, onLine, remake });
  if (!args.ok || args.value.length === 0) return args.ok ? succeed(undefined) : args;
  const ran = await compose.run({
    args: args.value,
    onLine,
    ...(signal === undefined ? {} : { signal }),
  });
  return ran.ok ? succeed(undefined) : ran;
}

/** What the files declare goes through Compose; of the rest, Docker has the containers. */
async function splitNames(
  compose: ComposeCommand,
  { names, config }: { readonly names: readonly string[]; readonly config: ComposeConfig },
): Promise<Outcome<{ readonly declared: readonly string[]; readonly orphans: readonly string[] }>> {
  const services = await listDeclared(compose);
  if (!services.ok) return services;
  const known = services.value.map((service) => service.name);
  const others = names.filter((name) => !known.includes(name));
  if (others.length === 0) return succeed({ declared: names, orphans: [] });
  const found = await listContainers(compose);
  if (!found.ok) return found;
  const { containers } = found.value;
  const unknown = others.filter((name) => !containers.some(({ service }) => service === name));
  if (unknown.length > 0) return fail(unknownService(unknown, { known, config }));
  return succeed({
    declared: names.filter((name) => known.includes(name)),
    orphans: containers.filter(({ service }) => others.includes(service)).map(({ id }) => id),
  });
}

/**
 * `up` makes containers anew that differ from the files, a running database among them: what runs is left out of it, and said.
 *
 * @returns nothing where nothing is left to be started.
 */
async function argsOf(
  compose: ComposeCommand,
  request: Pick<Parameters<Services['start']>[0], 'names' | 'onLine' | 'remake'> & {
    readonly action: 'stop' | 'start';
  },
): Promise<Outcome<readonly string[]>> {
  const { action, names, onLine, remake = [] } = request;
  if (action === 'stop') return succeed(actionArgs(action, names));
  const looked = await lookAtAll(compose, true);
  if (!looked.ok) return looked;
  const { declared, containers, details, differing } = looked.value;
  const kept = combineStatus(declared, containers, details)
    .filter(({ name, state }) => state === 'running' && differing.has(name) && !remake.includes(name))
    .map(({ name }) => name);
  if (kept.length === 0) return succeed(actionArgs(action, names));
  const active = names.length > 0 ? succeed(names) : await listActive(compose);
  if (!active.ok) return active;
  const wanted = withDependencies(active.value, declared);
  for (const name of kept.filter((one) => wanted.includes(one)))
    onLine(`${name} runs with another configuration or image than its files say, and is left as it is`);
  const rest = wanted.filter((name) => !kept.includes(name));
  return succeed(rest.length === 0 ? [] : ['up', '--detach', '--no-deps', ...rest]);
}

function withDependencies(names: readonly string[], declared: readonly DeclaredService[]): readonly string[] {
  const wanted = new Set(names);
  // A set hands out what is put into it meanwhile.
  for (const name of wanted) {
    const service = declared.find((one) => one.name === name);
    for (const other of service?.dependsOn ?? []) wanted.add(other);
  }
  return [...wanted];
}

/** Stopping reaches every profile; starting leaves a profile that nobody named alone, as `up` does. */
export function actionArgs(action: 'stop' | 'start', names: readonly string[]): readonly string[] {
  return action === 'stop' ? ['--profile', '*', 'stop', ...names] : ['up', '--detach', ...names];
}

export function unknownService(
  unknown: readonly string[],
  { known, config }: { readonly known: readonly string[]; readonly config: ComposeConfig },
): Failure {
  return {
    code: 'not-found',
    message: `There is no service ${unknown.join(', ')} in ${config.file}: it has ${known.join(', ') || 'none'}.`,
    remedy: 'Correct the names of the services in the runbook.',
    retry: 'after-fix',
  };
}
