import { isAbsolute, relative } from 'node:path';
import { type Outcome, succeed } from '../../base/failure.ts';
import type { MountedVolume, VolumeAt } from '../../ports/services.ts';
import type { ComposeCommand } from './compose-command.ts';
import { wholeConfig } from './find-project-files.ts';
import { listContainers } from './look-at-project.ts';
import { trueName } from './project-files.ts';
import { readDeclaredVolumes, readMounts } from './read-volumes.ts';

type Volume = { readonly name: string; readonly place: string };

/**
 * Which volume of this Docker a folder lies in, and who mounts it: what the files of the project say, whatever their profile, and what
 * its containers were made with. undefined for a folder in no volume, and where Docker cannot be asked about one that looks like none.
 */
export async function findVolume(
  compose: ComposeCommand,
  path: string,
): Promise<Outcome<VolumeAt | undefined>> {
  const volumes = await listVolumes(compose);
  if (!volumes.ok) return looksLikeOne(path) ? volumes : succeed(undefined);
  const own = await volumeOf(compose, { path, known: volumes.value });
  if (!own.ok) return own;
  if (own.value === undefined) return succeed(undefined);
  const { name, place } = own.value;
  const mounted = await listMounted(compose, volumes.value);
  if (!mounted.ok) return mounted;
  const outside = await listOutside(compose, name);
  if (!outside.ok) return outside;
  return succeed({
    name,
    isThere: volumes.value.some((volume) => volume.name === name),
    place,
    mounted: mounted.value.mounted,
    outside: outside.value.filter((container) => !mounted.value.containers.includes(container)),
  });
}

/** As Docker's own driver names it, wherever Docker keeps its things. */
function looksLikeOne(path: string): boolean {
  return /\/volumes\/[^/]+\/_data(\/|$)/.test(path);
}

async function ask(compose: ComposeCommand, args: readonly string[]): Promise<Outcome<readonly string[]>> {
  const asked = await compose.ask(args);
  return asked.ok ? succeed(asked.value.split('\n').filter((line) => line.trim() !== '')) : asked;
}

async function listVolumes(compose: ComposeCommand): Promise<Outcome<readonly Volume[]>> {
  const lines = await ask(compose, ['volume', 'ls', '--format', '{{.Name}} {{.Mountpoint}}']);
  if (!lines.ok) return lines;
  return succeed(
    lines.value.map((line) => {
      const end = line.indexOf(' ');
      return { name: line.slice(0, end), place: line.slice(end + 1) };
    }),
  );
}

/** One that Docker knows, or a folder at the place where it keeps its volumes: somebody else's, or one that a slip has named. */
async function volumeOf(
  compose: ComposeCommand,
  { path, known }: { readonly path: string; readonly known: readonly Volume[] },
): Promise<Outcome<Volume | undefined>> {
  for (const volume of known) if ((await wayInto(volume.place, path)) !== undefined) return succeed(volume);
  const root = await ask(compose, ['info', '--format', '{{.DockerRootDir}}']);
  if (!root.ok) return root;
  const volumes = `${root.value[0] ?? ''}/volumes`;
  const [name = ''] = (await wayInto(volumes, path))?.split('/') ?? [];
  return succeed(name === '' ? undefined : { name, place: `${volumes}/${name}/_data` });
}

/** From the folder down to the path; undefined where it does not lie in there, as it is written or through links. */
async function wayInto(folder: string, path: string): Promise<string | undefined> {
  if (folder === '') return undefined;
  const ways = [relative(folder, path), relative(await trueName(folder), await trueName(path))];
  return ways.find((way) => !isAbsolute(way) && way.split('/')[0] !== '..');
}

type Mounted = {
  readonly mounted: readonly MountedVolume[];
  /** Names of the project's own. */
  readonly containers: readonly string[];
};

async function listMounted(compose: ComposeCommand, volumes: readonly Volume[]): Promise<Outcome<Mounted>> {
  const config = await compose.config(wholeConfig);
  if (!config.ok) return config;
  const declared = readDeclaredVolumes(config.value);
  if (!declared.ok) return declared;
  const containers = await listContainers(compose);
  if (!containers.ok) return containers;
  const own = containers.value.containers;
  const serviceOf = new Map(own.map(({ id, service }) => [id, service]));
  const ids = [...serviceOf.keys()].filter((id) => id !== '');
  const lines =
    ids.length === 0
      ? succeed([])
      : await ask(compose, ['inspect', '--format', '{{.Id}} {{json .Mounts}}', ...ids]);
  if (!lines.ok) return lines;
  const made = lines.value.flatMap((line) => {
    const service = serviceOf.get(line.slice(0, line.indexOf(' '))) ?? '';
    return readMounts(line.slice(line.indexOf(' ') + 1)).map((name) => ({ name, service }));
  });
  const services = new Map<string, Set<string>>();
  for (const { name, service } of [...declared.value, ...made])
    services.set(name, (services.get(name) ?? new Set()).add(service));
  const placeOf = new Map(volumes.map(({ name, place }) => [name, place]));
  const mounted = [...services].map(([name, by]) => {
    const place = placeOf.get(name);
    return { name, services: [...by].sort(), ...(place === undefined ? {} : { place }) };
  });
  return succeed({
    mounted: mounted.sort((one, other) => (one.name < other.name ? -1 : 1)),
    containers: own.map(({ name }) => name),
  });
}

/** Containers of anybody that were made with it. */
function listOutside(compose: ComposeCommand, name: string): Promise<Outcome<readonly string[]>> {
  return ask(compose, ['ps', '--all', '--filter', `volume=${name}`, '--format', '{{.Names}}']);
}
