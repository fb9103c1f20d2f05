import { type Outcome, succeed } from '../../base/failure.ts';
import type { ComposeCommand } from './compose-command.ts';
import { findDiffering, inspectContainers } from './inspect-containers.ts';
import {
  type ComposeContainer,
  type ContainerDetails,
  type DeclaredService,
  readComposeContainers,
  readDeclaredServices,
} from './read-compose-status.ts';

/** A question to a healthy Docker takes a second; silence for that long means that it hangs. */
export const questionStallMs = 60_000;

/** Without this, a service of an inactive profile is neither listed nor stopped (docker/compose#11884). */
export const everyProfile = ['--profile', '*'];

/** Without the services of profiles that are not active. */
export async function listActive(compose: ComposeCommand): Promise<Outcome<readonly string[]>> {
  const ran = await compose.run({ args: ['config', '--services'], stallMs: questionStallMs });
  return ran.ok ? succeed(ran.value.stdout.split('\n').filter((name) => name !== '')) : ran;
}

export async function listDeclared(compose: ComposeCommand): Promise<Outcome<readonly DeclaredService[]>> {
  const args = [...everyProfile, 'config', '--format', 'json'];
  const ran = await compose.run({ args, stallMs: questionStallMs });
  return ran.ok ? readDeclaredServices(ran.value.stdout) : ran;
}

export async function listContainers(compose: ComposeCommand) {
  const args = [...everyProfile, 'ps', '--all', '--no-trunc', '--format', 'json'];
  const ran = await compose.run({ args, stallMs: questionStallMs });
  return ran.ok ? readComposeContainers(ran.value.stdout) : ran;
}

export type Seen = {
  readonly declared: readonly DeclaredService[];
  readonly containers: readonly ComposeContainer[];
  readonly details: ReadonlyMap<string, ContainerDetails>;
  /** Services that Compose would make anew. */
  readonly differing: ReadonlySet<string>;
};

/** @param wantsDiffering two more questions to Docker, which nobody needs who only waits. */
export async function lookAtAll(compose: ComposeCommand, wantsDiffering: boolean): Promise<Outcome<Seen>> {
  const declared = await listDeclared(compose);
  if (!declared.ok) return declared;
  const found = await listContainers(compose);
  if (!found.ok) return found;
  const containers = found.value;
  const details = await inspectContainers(compose, containers, questionStallMs);
  if (!details.ok) return details;
  const look = { containers, details: details.value, stallMs: questionStallMs };
  const differing = wantsDiffering ? await findDiffering(compose, look) : succeed(new Set<string>());
  if (!differing.ok) return differing;
  return succeed({
    declared: declared.value,
    containers,
    details: details.value,
    differing: differing.value,
  });
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
