import { dirname, join, relative, resolve } from 'node:path';
import { readText } from '../../../app/read-text.ts';
import { readEnvFile } from '../../../base/env-file.ts';
import type { EnvLookup } from '../../../base/env-variables.ts';
import {
  type ComposeInclude,
  type ComposeModel,
  type ComposeService,
  mergeModels,
  overBase,
  standingIn,
} from '../../../draft/compose-model.ts';
import { readComposeFile } from '../../../draft/read-compose-file.ts';
import type { SeenEnvFile, Survey } from '../../../draft/survey.ts';
import { defaultNames, filesOfProject, splitNames } from '../../../services/compose/project-files.ts';

export type Project = {
  readonly folder: string;
  readonly names: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly envFiles: readonly SeenEnvFile[];
  /** Takes what could not be read, each a whole sentence. */
  readonly unread: string[];
};

/** Those that COMPOSE_FILE names, else the one that Compose takes by itself, else one for production, else any. */
function projectFiles(
  names: readonly string[],
  lookup: EnvLookup,
): { readonly named: readonly string[]; readonly others: readonly string[] } {
  const given = splitNames(lookup('COMPOSE_FILE') ?? '', lookup('COMPOSE_PATH_SEPARATOR'));
  if (given.length > 0) return { named: given, others: [] };
  const byDefault = defaultNames.find((name) => names.includes(name));
  if (byDefault !== undefined) return { named: [byDefault], others: [] };
  const all = names.filter(
    (name) => /^(?:docker-)?compose[\w.-]*\.ya?ml$/.test(name) && !/override|test|dev/.test(name),
  );
  const name = all.find((one) => /prod/.test(one)) ?? all[0];
  return { named: name === undefined ? [] : [name], others: all.filter((one) => one !== name) };
}

/** The compose file of the folder, with what lies over it and what it takes from others. */
export async function readProject(among: Project): Promise<NonNullable<Survey['compose']> | undefined> {
  const { folder, environment, envFiles, unread } = among;
  const own = envFiles.find(({ path }) => path === join(folder, '.env'))?.values;
  const lookup: EnvLookup = (name) => environment[name] ?? own?.get(name);
  const { named, others } = projectFiles(among.names, lookup);
  const files = named.map((name) => resolve(folder, name));
  const [first] = files;
  if (first === undefined) return undefined;
  if (others.length > 0)
    unread.push(
      `there are more compose files: ${others.join(', ')}. ${named[0]} was read; correct \`file\` where another one is meant.`,
    );
  const models: ComposeModel[] = [];
  for (const path of files.length > 1 ? files : await filesOfProject(first, [])) {
    const model = await readWithOthers(path, { project: folder, folder, lookup, above: [], unread });
    if (model !== undefined) models.push(model);
  }
  return models.length === 0 ? undefined : { file: files.join(':'), model: mergeModels(models) };
}

type Reading = {
  /** The folder of the project. */
  readonly project: string;
  /** From which its relative paths count. */
  readonly folder: string;
  readonly lookup: EnvLookup;
  /** The files that led here: a circle has no end. */
  readonly above: readonly string[];
  readonly unread: string[];
};

/** One file, what it includes below it, and its services over those that they extend. */
async function readWithOthers(path: string, reading: Reading): Promise<ComposeModel | undefined> {
  const { project, folder, lookup, above, unread } = reading;
  const read = above.includes(path) ? { fault: 'it leads back to itself' } : await readOne(path, lookup);
  if ('fault' in read) {
    unread.push(`${path} could not be read: ${read.fault.replace(/\.$/, '')}.`);
    return undefined;
  }
  const below = { ...reading, above: [...above, path] };
  const model = standingIn(read, relative(project, folder));
  const included: ComposeModel[] = [];
  for (const one of read.includes) included.push(...(await readIncluded(one, { ...below, from: path })));
  const services: ComposeService[] = [];
  for (const service of model.services)
    services.push(await withBase(service, { ...below, from: path, siblings: model.services }));
  return mergeModels([...included, { ...model, services }]);
}

async function readOne(path: string, lookup: EnvLookup): Promise<ReturnType<typeof readComposeFile>> {
  const text = await readText(path);
  return text.ok ? readComposeFile({ text: text.value, lookup }) : { fault: text.failure.message };
}

async function readIncluded(
  include: ComposeInclude,
  reading: Reading & { readonly from: string },
): Promise<readonly ComposeModel[]> {
  const { from, lookup, unread } = reading;
  const files = include.files.map((file) => resolve(dirname(from), file));
  const [first] = files;
  if (first === undefined) return [];
  const folder = resolve(dirname(from), include.folder ?? dirname(first));
  const values = new Map<string, string>();
  for (const file of include.envFiles ?? [join(folder, '.env')]) {
    const text = await readText(resolve(dirname(from), file));
    const env = text.ok ? readEnvFile(text.value, { path: file, lookup }) : text;
    if (env.ok) for (const [name, value] of env.value.values) values.set(name, value);
    // Compose wants none by itself.
    else if (include.envFiles !== undefined) unread.push(`${env.failure.message} ${env.failure.remedy}`);
  }
  const models = [];
  // What the project itself sets counts over what is beside the included file.
  for (const file of files)
    models.push(
      await readWithOthers(file, { ...reading, folder, lookup: (name) => lookup(name) ?? values.get(name) }),
    );
  return models.filter((model) => model !== undefined);
}

async function withBase(
  service: ComposeService,
  reading: Reading & { readonly from: string; readonly siblings: readonly ComposeService[] },
): Promise<ComposeService> {
  const { base } = service;
  if (base === undefined) return service;
  const { from, siblings, unread } = reading;
  const path = base.file === undefined ? from : resolve(dirname(from), base.file);
  if (path === from) {
    const found = siblings.find(({ name }) => name === base.service);
    // Without itself among them, so that a circle ends.
    const rest = siblings.filter((one) => one !== service);
    const whole = found && found !== service ? await withBase(found, { ...reading, siblings: rest }) : found;
    if (whole === undefined) unread.push(`${service.name} extends ${base.service}, which ${from} has not.`);
    return overBase(service, whole);
  }
  const other = await readWithOthers(path, { ...reading, folder: dirname(path) });
  const found = other?.services.find(({ name }) => name === base.service);
  if (other !== undefined && found === undefined)
    unread.push(`${service.name} extends ${base.service}, which ${path} has not.`);
  return overBase(service, found);
}
