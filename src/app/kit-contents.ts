import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import type { Kit, KitFile } from '../backups/kit.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { findReferences } from '../kinds/references.ts';
import { ownProgramFile } from '../platform/own-files.ts';
import { readWhole } from '../platform/read-whole.ts';
import type { NeededFiles, NeededImage, ServicesConfig } from '../ports/services.ts';
import type { World } from '../ports/world.ts';
import type { KitContent } from '../producer/make-kit.ts';
import { packPart } from '../producer/store-part.ts';
import { kitNames } from './kit-folder.ts';
import type { ReadyRunbook } from './load-runbook.ts';

/** What goes into a kit, read from this host: the runbook, what its services refer to, the values that are no secrets, the program. */
export type KitContents = {
  readonly contents: readonly KitContent[];
  /** Programs that are as they were when the kit before was made: not read again. */
  readonly stored: readonly KitFile[];
  readonly about: Pick<Kit, 'folder' | 'project' | 'left' | 'images' | 'asks' | 'environmentFile'>;
  /** Of the compose project, in the kit. */
  readonly composeFile: string | undefined;
  readonly images: readonly NeededImage[];
};

export async function collectKit(request: {
  readonly ready: ReadyRunbook;
  readonly world: World;
  /** What relative paths of the runbook count from. */
  readonly folder: string;
  /** Programs of the kit before that lie in the store. */
  readonly known: readonly KitFile[];
  readonly onLine: (line: string) => void;
}): Promise<Outcome<KitContents>> {
  const { ready, world, folder } = request;
  const { filled } = ready;
  const config = filled.production.services;
  const needed = config === undefined ? succeed(undefined) : await world.openServices(config).neededFiles?.();
  if (needed?.ok === false) return needed;
  const project = needed?.value ?? { folder: resolve(folder), files: [], left: [], images: [] };
  const included = await includedFiles(filled.producer?.kit?.include ?? [], project.folder);
  if (!included.ok) return included;
  const paths = [...new Set([...project.files, ...included.value])].sort();
  const contents: KitContent[] = [];
  const add = async (path: string, about: Omit<KitContent, 'content'>): Promise<Outcome<void>> => {
    const read = await readFileOf(path);
    if (read.ok) contents.push({ ...about, content: read.value });
    return read.ok ? succeed(undefined) : read;
  };
  const runbook = await add(ready.path, { path: kitNames.runbook, role: 'runbook' });
  if (!runbook.ok) return runbook;
  for (const path of paths) {
    const added = await add(path, { path: relative(project.folder, path), role: 'services' });
    if (!added.ok) return added;
  }
  const stored: KitFile[] = [];
  for (const named of programPaths(filled.producer?.kit?.program)) {
    const [at, path] = [resolve(folder, named), basename(named)];
    const source = await markOf(at);
    const same = request.known.find((file) => file.path === path && file.source === source);
    if (same !== undefined) stored.push(same);
    const about = { path, role: 'program', executable: true, pack: true, source } as const;
    const added = same === undefined ? await add(at, about) : succeed(undefined);
    if (!added.ok) return added;
  }
  const environment = await sealEnvironment(request, project);
  if (!environment.ok) return environment;
  const { at, name } = environment.value;
  const inKit = new Map([
    ...paths.map((path) => [path, relative(project.folder, path)] as const),
    ...(at === undefined || name === undefined ? [] : [[at, name] as const]),
  ]);
  contents.push({
    path: kitNames.values,
    role: 'values',
    content: Buffer.from(writeValues(request, inKit)),
  });
  const [first] = project.files.filter((path) => isNamedByRunbook(path, { config, folder }));
  return succeed({
    contents: [...contents, ...environment.value.contents],
    stored,
    composeFile: first === undefined ? undefined : relative(project.folder, first),
    images: project.images,
    about: {
      folder: basename(project.folder) || filled.name,
      ...(project.project === undefined ? {} : { project: project.project }),
      left: leftFiles(project, included.value),
      images: project.images.map(({ here: _here, ...image }) => image),
      asks: askedFor(ready),
      ...(name === undefined ? {} : { environmentFile: name }),
    },
  });
}

function leftFiles({ folder, left }: NeededFiles, included: readonly string[]): Kit['left'] {
  const taken = (path: string) => included.some((one) => one === path || one.startsWith(`${path}/`));
  return left
    .filter(({ path }) => !taken(path))
    .map(({ path, why }) => ({ path: path.startsWith(`${folder}/`) ? relative(folder, path) : path, why }));
}

/** Files that somebody named, and those of folders that somebody named. */
async function includedFiles(names: readonly string[], folder: string): Promise<Outcome<readonly string[]>> {
  const files: string[] = [];
  for (const name of names) {
    const path = resolve(folder, name);
    if (relative(folder, path).startsWith('..')) return fail(outside(name, folder));
    try {
      if (!(await stat(path)).isDirectory()) files.push(path);
      else
        for (const entry of await readdir(path, { recursive: true, withFileTypes: true }))
          if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
    } catch (error) {
      return fail(describeFileFailure({ doing: `read ${path}, which producer.kit.include names`, error }));
    }
  }
  return succeed(files);
}

function outside(name: string, folder: string) {
  return {
    code: 'invalid-input',
    message: `producer.kit.include names ${name}, which lies outside ${folder}: a kit holds what lies in the folder of the project.`,
    remedy: 'Move it there, or bring it along by hand.',
    retry: 'after-fix',
  } as const;
}

/** The program is a hundred times what people write by hand; a file that they name may be something larger as well. */
const mostBytes = 2 ** 29;

async function readFileOf(path: string): Promise<Outcome<Buffer>> {
  try {
    return succeed(await readWhole(path, mostBytes));
  } catch (error) {
    return fail(describeFileFailure({ doing: `read ${path} for the kit`, error }));
  }
}

/** Size, both times and number of a file: whoever writes into it or puts another one there changes one of them. */
async function markOf(path: string): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path).catch(() => ({
    size: 0,
    mtimeMs: 0,
    ctimeMs: 0,
    ino: 0,
  }));
  return [size, mtimeMs, ctimeMs, ino].join(' ');
}

function programPaths(named: string | undefined): readonly string[] {
  const own = ownProgramFile();
  if (named) return named.split(':').filter((path) => path !== '');
  return own === undefined ? [] : [own];
}

/** The env file of production: where it belongs, and in the kit only where the runbook says so, encrypted as the dumps are. */
async function sealEnvironment(
  { ready, world, folder, onLine }: Parameters<typeof collectKit>[0],
  project: Pick<NeededFiles, 'folder'>,
): Promise<
  Outcome<{
    readonly contents: readonly KitContent[];
    /** Where it is here, and where in the kit. */
    readonly at?: string;
    readonly name?: string;
  }>
> {
  const { envFile } = ready.targets.production;
  if (envFile === undefined) return succeed({ contents: [] });
  const path = resolve(folder, envFile);
  const way = relative(project.folder, path);
  const name = way.startsWith('..') ? basename(path) : way;
  const place = { at: path, name };
  const { producer } = ready.filled;
  if (producer?.kit?.environment !== 'encrypted') return succeed({ contents: [], ...place });
  const packer = world.openPacker({ compression: 'none', sealing: producer.encrypt });
  const recipient = await packer.describeRecipient();
  if (!recipient.ok) return recipient;
  if (recipient.value === undefined) return fail(notEncrypted());
  const read = await readFileOf(path);
  if (!read.ok) return read;
  const sealed = await packPart(packer, { key: name, content: read.value });
  if (!sealed.ok) return sealed;
  onLine(`${name} goes along, encrypted to ${recipient.value.text}`);
  const content = {
    path: `${name}${sealed.value.ending}`,
    role: 'environment' as const,
    content: sealed.value.content,
  };
  return succeed({ contents: [content], ...place });
}

function notEncrypted() {
  return {
    code: 'runbook-invalid',
    message: 'producer.kit.environment is encrypted, and producer.encrypt names nobody to encrypt to.',
    remedy: 'Name a recipient in producer.encrypt, or leave the env file out: `environment: never`.',
    retry: 'after-fix',
  } as const;
}

/** Every value that is no secret, by the name of its input; a file that is in the kit by its place there. */
function writeValues(
  { ready, folder }: Parameters<typeof collectKit>[0],
  inKit: ReadonlyMap<string, string>,
): string {
  // Where a key lay on that host says nothing of another one.
  const asked = askedFor(ready);
  const lines = ready.values.flatMap(({ name, value }) => {
    const isPublic =
      !asked.includes(name) && ready.runbook.inputs[name]?.secret === false && ready.redact(value) === value;
    if (!isPublic || /['\n\r]/.test(value)) return [];
    return [`${name}='${inKit.get(resolve(folder, value)) ?? value}'`];
  });
  return `# The values of the runbook that are no secrets, as they were when this kit was made.\n${lines.join('\n')}\n`;
}

function isNamedByRunbook(
  path: string,
  { config, folder }: { readonly config: ServicesConfig | undefined; readonly folder: string },
): boolean {
  const file = typeof config?.file === 'string' ? config.file : '';
  return [file, ...file.split(':')].some((one) => one !== '' && resolve(folder, one) === path);
}

/** Secrets and keys of the backups: what nobody but the operator has. */
function askedFor({ runbook }: ReadyRunbook): string[] {
  const { store, key } = runbook.backups;
  const ofStore = findReferences(store).filter((name) => runbook.inputs[name]?.secret !== false);
  return [...new Set([...ofStore, ...findReferences(key)])];
}
