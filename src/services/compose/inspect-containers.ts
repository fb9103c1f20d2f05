import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { ComposeCommand } from './compose-command.ts';
import { configFilesOf } from './project-files.ts';
import type { ComposeContainer, ContainerDetails } from './read-compose-status.ts';

const format =
  '{{.Id}} {{.State.StartedAt}} {{.Image}} {{.Config.Image}} {{or .HostConfig.RestartPolicy.Name "no"}} {{json .Config.Labels}}';

/** By id. A container that went away meanwhile is left out; nothing of it is known any more. */
export async function inspectContainers(
  compose: ComposeCommand,
  ...[containers, stallMs]: [readonly ComposeContainer[], number]
): Promise<Outcome<ReadonlyMap<string, ContainerDetails>>> {
  const ids = containers.flatMap(({ id }) => (id === '' ? [] : [id]));
  if (ids.length === 0) return succeed(new Map());
  const ran = await compose.docker({ args: ['inspect', '--format', format, ...ids], stallMs });
  // The program of its own, docker-compose, may stand alone on a host: then nobody can tell.
  if (!ran.ok) return ran.failure.code === 'tool-missing' ? succeed(new Map()) : ran;
  return succeed(new Map(ran.value.stdout.split('\n').flatMap(readDetails)));
}

function readDetails(line: string): readonly (readonly [string, ContainerDetails])[] {
  const [id, startedAt, imageId, imageName, restartPolicy, ...rest] = line.trim().split(' ');
  if (!id || !startedAt) return [];
  const labels = parseJson(rest.join(' ')) ?? {};
  const hash = Object.entries(labels).find(([name]) => name === 'com.docker.compose.config-hash');
  const details = {
    startedAt,
    configHash: String(hash?.[1] ?? ''),
    imageName: imageName ?? '',
    imageId: imageId ?? '',
    restartPolicy: restartPolicy ?? 'no',
    configFiles: configFilesOf(labels).flat(),
  };
  return [[id, details]];
}

/** Names of services whose containers Compose would make anew: another configuration, or another image under the same name. */
export async function findDiffering(
  compose: ComposeCommand,
  of: {
    readonly containers: readonly ComposeContainer[];
    readonly details: ReadonlyMap<string, ContainerDetails>;
    readonly stallMs: number;
  },
): Promise<Outcome<ReadonlySet<string>>> {
  const { stallMs } = of;
  const hashes = await compose.run({ args: ['--profile', '*', 'config', '--hash', '*'], stallMs });
  if (!hashes.ok) return hashes;
  const wanted = new Map(hashes.value.stdout.split('\n').map((line) => wordsOf(line)));
  const images = await compose.docker({
    args: ['image', 'ls', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}'],
    stallMs,
  });
  if (!images.ok) return images.failure.code === 'tool-missing' ? succeed(new Set()) : fail(images.failure);
  const known = new Map(images.value.stdout.split('\n').map((line) => wordsOf(line)));
  const differing = of.containers.filter(({ id, service, isOneOff }) => {
    const one = of.details.get(id);
    if (one === undefined || isOneOff || one.configHash === '') return false;
    const hash = wanted.get(service);
    const image = known.get(withTag(one.imageName));
    const isOtherImage = image !== undefined && image !== one.imageId;
    return hash !== undefined && (hash !== one.configHash || isOtherImage);
  });
  return succeed(new Set(differing.map(({ service }) => service)));
}

function wordsOf(line: string): readonly [string, string] {
  const [first = '', second = ''] = line.trim().split(/\s+/);
  return [first, second];
}

function withTag(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') ? image : `${image}:latest`;
}
