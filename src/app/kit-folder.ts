import { chmod, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Kit, type KitFile, readKit, writeKit } from '../backups/kit.ts';
import { readEnvFile } from '../base/env-file.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { parseJson } from '../base/parse-json.ts';
import { errorCode } from '../base/thrown.ts';
import { type FoundKit, readKitFile } from '../operations/read-kit.ts';
import { readWhole } from '../platform/read-whole.ts';
import type { ObjectStoreConfig } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';

/** Names that a kit gives to its own files. */
export const kitNames = {
  runbook: 'runbook.yaml',
  values: 'values.env',
  list: 'thaw-kit.json',
  /** Written where it is unpacked: the place it was found at, which may be a copy of the one it was made in. */
  place: 'found-at.json',
} as const;

/** A kit that lies unpacked in a folder of this host: its relative paths count from there. */
export type KitFolder = {
  readonly folder: string;
  readonly kit: Kit;
  /** What was known where it was made; whatever is given here counts for more. */
  readonly values: ReadonlyMap<string, string>;
  /** The store that it was found in, which may be a copy of the one it was made in; without credentials. */
  readonly foundAt: ObjectStoreConfig | undefined;
};

/**
 * Into a folder that is empty or not there yet; the list of the kit is written last, so that one that was not unpacked whole is none. The
 * program stays where it is: what runs here is one already.
 */
export async function unpackKit(request: {
  readonly store: StoreLooks;
  readonly found: FoundKit;
  readonly into: string;
  /** Of that store: `thaw resume` knows by it where the backups are. */
  readonly config: ObjectStoreConfig;
  readonly takes: (file: KitFile) => boolean;
  readonly onLine: (line: string) => void;
}): Promise<Outcome<void>> {
  const { store, found, into, config, takes, onLine } = request;
  const free = await isFree(into, found.kit);
  if (!free.ok) return free;
  for (const file of found.kit.files.filter(takes)) {
    const content = await readKitFile(store, { prefix: found.prefix, file });
    if (!content.ok) return content;
    const written = await writeOwn(join(into, file.path), {
      content: content.value,
      executable: file.executable,
    });
    if (!written.ok) return written;
    onLine(`${file.path}: as it was signed`);
  }
  const place = JSON.stringify(withoutCredentials(config), null, 2);
  const placed = await writeOwn(join(into, kitNames.place), { content: Buffer.from(`${place}\n`) });
  if (!placed.ok) return placed;
  return writeOwn(join(into, kitNames.list), { content: Buffer.from(writeKit(found.kit)) });
}

async function isFree(into: string, kit: Kit): Promise<Outcome<void>> {
  try {
    const there = await readdir(into);
    const paths = [kitNames.list, kitNames.place, kit.environmentFile, ...kit.files.map(({ path }) => path)];
    const ours = new Set(paths.map((path) => path?.split('/')[0]));
    if (there.every((name) => ours.has(name))) return succeed(undefined);
    return fail({
      code: 'conflict',
      message: `${into} is there already, and holds something else than this kit.`,
      remedy: 'Stand in an empty folder, and run it there.',
      retry: 'after-fix',
    });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return succeed(undefined);
    return fail(describeFileFailure({ doing: `look into ${into}`, error }));
  }
}

async function writeOwn(
  path: string,
  { content, executable }: { readonly content: Buffer; readonly executable?: true | undefined },
): Promise<Outcome<void>> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode: 0o600 });
    if (executable === true) await chmod(path, 0o700);
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${path}`, error }));
  }
}

/** The file of the vault, at the place where runbook and services look for it; one that is there already stays. */
export async function placeEnvironment(
  { folder, kit }: Pick<KitFolder, 'folder' | 'kit'>,
  given: string | undefined,
): Promise<Outcome<string | undefined>> {
  if (kit.environmentFile === undefined || given === undefined) return succeed(undefined);
  const path = join(folder, kit.environmentFile);
  if (resolve(given) === path) return succeed(undefined);
  try {
    await mkdir(dirname(path), { recursive: true });
    // Refuses to write over another one.
    await copyFile(given, path, 1);
    await chmod(path, 0o600);
    return succeed(`${given} was copied to ${path}, where the services look for it`);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return succeed(undefined);
    return fail(describeFileFailure({ doing: `copy ${given} to ${path}`, error }));
  }
}

/** The kit that a runbook lies in; undefined where it lies in none. */
export async function kitAround(runbook: string): Promise<Outcome<KitFolder | undefined>> {
  const folder = dirname(runbook);
  const text = await readIfThere(join(folder, kitNames.list));
  if (!text.ok || text.value === undefined) return text.ok ? succeed(undefined) : text;
  const kit = readKit(text.value, join(folder, kitNames.list));
  if (!kit.ok) return kit;
  const path = join(folder, kitNames.values);
  const values = await readIfThere(path);
  if (!values.ok) return values;
  const read = readEnvFile(values.value ?? '', { path });
  if (!read.ok) return read;
  const place = await readIfThere(join(folder, kitNames.place));
  if (!place.ok) return place;
  const foundAt = readPlace(place.value);
  return succeed({ folder, kit: kit.value, values: read.value.values, foundAt });
}

function readPlace(text: string | undefined): ObjectStoreConfig | undefined {
  const raw = text === undefined ? undefined : parseJson(text);
  if (raw === null || typeof raw !== 'object' || !('kind' in raw) || typeof raw.kind !== 'string')
    return undefined;
  return { ...raw, kind: raw.kind };
}

export const accessKeyName = 'AWS_ACCESS_KEY_ID';
export const secretKeyName = 'AWS_SECRET_ACCESS_KEY';

function withoutCredentials(config: ObjectStoreConfig): ObjectStoreConfig {
  const { accessKey: _accessKey, secretKey: _secretKey, ...place } = config;
  return place;
}

/**
 * What the runbook of a kit need not ask for: the values of the kit, the place where it was found, and the credentials under the names
 * of AWS, which open its store. Whatever is given under the runbook's own names counts for more.
 */
export function meantByKit(
  { values, foundAt }: Pick<KitFolder, 'values' | 'foundAt'>,
  given: {
    readonly store: ObjectStoreConfig;
    readonly environment: Readonly<Record<string, string | undefined>>;
  },
): Pick<typeof given, 'environment'> & { readonly kit: ReadonlyMap<string, string> } {
  const { store, environment } = given;
  /** The fields of the store that are one input of the runbook each. */
  const named = (fields: Readonly<Record<string, unknown>>) =>
    Object.entries(store).flatMap(([field, text]) => {
      const [, name] = /^\$\{([A-Z][A-Z0-9_]*)\}$/.exec(String(text)) ?? [];
      const value = fields[field];
      return name === undefined || typeof value !== 'string' ? [] : [[name, value] as const];
    });
  const isSame = foundAt !== undefined && foundAt.kind === store.kind;
  const { [accessKeyName]: accessKey, [secretKeyName]: secretKey } = environment;
  const keys = isSame && accessKey && secretKey ? named({ accessKey, secretKey }) : [];
  return {
    kit: new Map([...values, ...(isSame ? named(foundAt) : [])]),
    environment: { ...environment, ...Object.fromEntries(keys.filter(([name]) => !environment[name])) },
  };
}

async function readIfThere(path: string): Promise<Outcome<string | undefined>> {
  try {
    return succeed(String(await readWhole(path)));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return succeed(undefined);
    return fail(describeFileFailure({ doing: `read ${path}`, error }) satisfies Failure);
  }
}
