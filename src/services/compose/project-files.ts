import { access, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readEnvFile } from '../../base/env-file.ts';
import { readWhole } from '../../platform/read-whole.ts';

/** The files that make up a project, in the order in which Compose reads them. */
export type ProjectFiles = {
  /** Those that the runbook names. */
  readonly named: readonly string[];
  /** Those, and what belongs to the project beside them. */
  readonly all: readonly string[];
};

/** Looked for by Compose itself where nobody names a file (compose-go, cli.DefaultFileNames). */
export const defaultNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/** What Compose writes on each of its containers. */
export const labels = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  /** True on what `compose run` started, beside the service. */
  oneOff: 'com.docker.compose.oneoff',
  configHash: 'com.docker.compose.config-hash',
  configFiles: 'com.docker.compose.project.config_files',
} as const;

/** One file, or several joined by a colon as in COMPOSE_FILE. */
export async function namedFiles(file: string): Promise<readonly string[]> {
  if (!file.includes(':') || (await isThere(file))) return [file];
  return file.split(':').filter((one) => one !== '');
}

/**
 * What belongs to a project of one named file. What its containers were made of says most; where there are none, it is what Compose
 * would take in that folder by itself: COMPOSE_FILE of its `.env`, or the override beside the file.
 *
 * @param lists the files that each container of the project was made of.
 */
export async function filesOfProject(
  file: string,
  lists: readonly (readonly string[])[],
): Promise<readonly string[]> {
  const own = await trueName(file);
  const withOwn: (readonly string[])[] = [];
  for (const list of lists) {
    if ((await Promise.all(list.map(trueName))).includes(own)) withOwn.push(list);
  }
  const [longest] = withOwn.toSorted((one, other) => other.length - one.length);
  const found = longest ?? (await besideFile(file));
  const there: string[] = [];
  for (const one of found) if (await isThere(one)) there.push(one);
  return there.length <= 1 ? [file] : there;
}

/** Absolute paths, as a container's label has them; none where it has no such label. */
export function splitFiles(label: string): readonly string[] {
  return label.split(',').filter((file) => file !== '');
}

/** A file of another host, or one that is gone, keeps the name it is known by. */
export function trueName(file: string): Promise<string> {
  return realpath(file).catch(() => resolve(file));
}

async function besideFile(file: string): Promise<readonly string[]> {
  const folder = dirname(file);
  const named = await composeFileOf(folder);
  if (named.length > 0) {
    const own = await trueName(file);
    return (await Promise.all(named.map(trueName))).includes(own) ? named : [file];
  }
  if (!defaultNames.includes(basename(file))) return [file];
  for (const name of overrideNames) {
    const override = join(folder, name);
    if (await isThere(override)) return [file, override];
  }
  return [file];
}

/** COMPOSE_FILE in the `.env` of the folder; nothing where there is none, or where Compose would refuse it and say so itself. */
async function composeFileOf(folder: string): Promise<readonly string[]> {
  const path = join(folder, '.env');
  const text = await readWhole(path).catch(() => undefined);
  const read = text === undefined ? undefined : readEnvFile(String(text), { path });
  if (read?.ok !== true) return [];
  const { values } = read.value;
  const names = splitNames(values.get('COMPOSE_FILE') ?? '', values.get('COMPOSE_PATH_SEPARATOR'));
  return names.map((name) => resolve(folder, name));
}

/** A value of COMPOSE_FILE. */
export function splitNames(text: string, separator: string | undefined): readonly string[] {
  return text.split(separator || ':').filter((name) => name !== '');
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
