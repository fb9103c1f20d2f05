import { z } from 'zod';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { ProcessResult } from '../../ports/process-runner.ts';
import { type ComposeCommand, questionStallMs } from './compose-command.ts';
import { labels, splitFiles } from './project-files.ts';
import {
  type ComposeContainer,
  type ContainerDetails,
  looseText,
  readComposeContainers,
} from './read-compose-status.ts';

export type FoundContainers = {
  readonly containers: readonly ComposeContainer[];
  /** By id. */
  readonly details: ReadonlyMap<string, ContainerDetails>;
};

/** `.ID` as the type of the docker program has it: with a name that it does not have, what is left out (no health check) is an error. */
const asJson = `{${Object.entries({
  id: '{{json .ID}}',
  name: '{{json .Name}}',
  state: '{{json .State.Status}}',
  health: '{{if .State.Health}}{{json .State.Health.Status}}{{else}}""{{end}}',
  exitCode: '{{json .State.ExitCode}}',
  startedAt: '{{json .State.StartedAt}}',
  imageId: '{{json .Image}}',
  imageName: '{{json .Config.Image}}',
  restartPolicy: '{{json .HostConfig.RestartPolicy.Name}}',
  labels: '{{json .Config.Labels}}',
})
  .map(([name, value]) => `"${name}":${value}`)
  .join(',')}}`;

const inspectedSchema = z.object({
  id: z.string().min(1),
  name: looseText,
  state: looseText,
  health: looseText,
  exitCode: z.number().catch(0),
  startedAt: z.string().min(1),
  imageId: looseText,
  imageName: looseText,
  restartPolicy: looseText,
  labels: z.record(z.string(), looseText).catch({}),
});

type Inspected = z.infer<typeof inspectedSchema>;

/** One that is made anew between the list and the look at it is seen by the next list. */
const attempts = 5;

/**
 * Every container of the project, those of `run` and those that no file names any more included, asked of Docker itself: Compose prints
 * the same and takes five times as long for it.
 */
export async function listByDocker(
  compose: ComposeCommand,
  project: string,
): Promise<Outcome<FoundContainers>> {
  for (let attempt = 1; ; attempt += 1) {
    const filter = `label=${labels.project}=${project}`;
    const listed = await compose.ask(['ps', '--all', '--quiet', '--no-trunc', '--filter', filter]);
    if (!listed.ok) return listed;
    const ids = listed.value.split('\n').filter((id) => id !== '');
    const inspected = await inspect(compose, ids);
    if (!inspected.ok) return inspected;
    const { seen, left } = inspected.value;
    const isWhole = ids.every((id) => seen.some((one) => one.id === id));
    if (isWhole || left === undefined)
      return succeed({ containers: seen.map(toContainer), details: detailsOf(seen) });
    if (attempt === attempts) return fail(await compose.classify(left));
  }
}

/** The same where the program of its own, docker-compose, drives them: it may stand alone on a host, and nobody can tell details then. */
export async function listByCompose(compose: ComposeCommand): Promise<Outcome<FoundContainers>> {
  const args = ['--profile', '*', 'ps', '--all', '--no-trunc', '--format', 'json'];
  const ran = await compose.run({ args, stallMs: questionStallMs });
  if (!ran.ok) return ran;
  const containers = readComposeContainers(ran.value.stdout);
  if (!containers.ok) return containers;
  const ids = containers.value.flatMap(({ id }) => (id === '' ? [] : [id]));
  const inspected = await inspect(compose, ids);
  if (!inspected.ok && inspected.failure.code !== 'tool-missing') return inspected;
  const details = detailsOf(inspected.ok ? inspected.value.seen : []);
  return succeed({ containers: containers.value, details });
}

/** Those that are still there: one that went away meanwhile is left out, and Docker says so with a status of its own. */
async function inspect(
  compose: ComposeCommand,
  ids: readonly string[],
): Promise<Outcome<{ readonly seen: readonly Inspected[]; readonly left: ProcessResult | undefined }>> {
  if (ids.length === 0) return succeed({ seen: [], left: undefined });
  const ran = await compose.docker(['inspect', '--type', 'container', '--format', asJson, ...ids]);
  if (!ran.ok) return ran;
  const seen = ran.value.stdout.split('\n').flatMap((line) => {
    const read = inspectedSchema.safeParse(parseJson(line));
    return read.success ? [read.data] : [];
  });
  return succeed({ seen, left: ran.value });
}

/** As Compose tells it: the health of what runs, and the exit status of what has ended. */
function toContainer({ id, name, state, ...one }: Inspected): ComposeContainer {
  return {
    id,
    name: name.replace(/^\//, ''),
    service: one.labels[labels.service] ?? '',
    state,
    health: state === 'running' ? one.health : '',
    exitCode: state === 'exited' || state === 'dead' ? one.exitCode : 0,
    isOneOff: one.labels[labels.oneOff] === 'True',
  };
}

function detailsOf(seen: readonly Inspected[]): ReadonlyMap<string, ContainerDetails> {
  const each = seen.map(({ id, startedAt, imageName, imageId, restartPolicy, labels: made }) => {
    const details = {
      startedAt,
      configHash: made[labels.configHash] ?? '',
      imageName,
      imageId,
      restartPolicy: restartPolicy || 'no',
      configFiles: splitFiles(made[labels.configFiles] ?? ''),
    };
    return [id, details] as const;
  });
  return new Map(each);
}

/** Names of services whose containers Compose would make anew: another configuration, or another image under the same name. */
export async function findDiffering(
  compose: ComposeCommand,
  { containers, details }: FoundContainers,
): Promise<Outcome<ReadonlySet<string>>> {
  const hashes = await compose.config(['--profile', '*', 'config', '--hash', '*']);
  if (!hashes.ok) return hashes;
  const wanted = new Map(hashes.value.split('\n').map((line) => wordsOf(line)));
  const format = '{{.Repository}}:{{.Tag}} {{.ID}}';
  const images = await compose.ask(['image', 'ls', '--no-trunc', '--format', format]);
  if (!images.ok) return images.failure.code === 'tool-missing' ? succeed(new Set()) : images;
  const known = new Map(images.value.split('\n').map((line) => wordsOf(line)));
  const differing = containers.filter(({ id, service, isOneOff }) => {
    const one = details.get(id);
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
