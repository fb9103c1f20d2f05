import { type Outcome, succeed } from '../../base/failure.ts';
import type { ComposeCommand } from './compose-command.ts';
import { wholeConfig } from './find-project-files.ts';
import { type FoundContainers, findDiffering, listByCompose, listByDocker } from './inspect-containers.ts';
import {
  type ComposeContainer,
  type DeclaredService,
  readDeclaredServices,
  readProjectName,
} from './read-compose-status.ts';

/** Without the services of profiles that are not active. */
export async function listActive(compose: ComposeCommand): Promise<Outcome<readonly string[]>> {
  const names = await compose.config(['config', '--services']);
  return names.ok ? succeed(names.value.split('\n').filter((name) => name !== '')) : names;
}

export async function listDeclared(compose: ComposeCommand): Promise<Outcome<readonly DeclaredService[]>> {
  const config = await compose.config(wholeConfig);
  return config.ok ? readDeclaredServices(config.value) : config;
}

export async function listContainers(compose: ComposeCommand): Promise<Outcome<FoundContainers>> {
  const config = await compose.config(wholeConfig);
  if (!config.ok) return config;
  const project = readProjectName(config.value);
  return project !== undefined && compose.hasDocker()
    ? listByDocker(compose, project)
    : listByCompose(compose);
}

export type Seen = FoundContainers & {
  readonly declared: readonly DeclaredService[];
  /** Services that Compose would make anew. */
  readonly differing: ReadonlySet<string>;
};

/** @param wantsDiffering two more questions, which nobody needs who only waits. */
export async function lookAtAll(compose: ComposeCommand, wantsDiffering: boolean): Promise<Outcome<Seen>> {
  const declared = await listDeclared(compose);
  if (!declared.ok) return declared;
  const found = await listContainers(compose);
  if (!found.ok) return found;
  const differing = wantsDiffering ? await findDiffering(compose, found.value) : succeed(new Set<string>());
  if (!differing.ok) return differing;
  return succeed({ ...found.value, declared: declared.value, differing: differing.value });
}

/** Services that containers of the project tell of and none of its files. */
export function orphansAmong(
  containers: readonly ComposeContainer[],
  declared: readonly DeclaredService[],
): readonly string[] {
  const known = new Set(declared.map(({ name }) => name));
  return [...new Set(containers.map(({ service }) => service))].filter(
    (name) => name !== '' && !known.has(name),
  );
}
