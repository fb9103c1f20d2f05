import { chmod, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Kit, type KitFile, readKit, writeKit } from '../backups/kit.ts';
import { readEnvFile } from '../base/env-file.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { errorCode } from '../base/thrown.ts';
import { type FoundKit, readKitFile } from '../operations/read-kit.ts';
import { readWhole } from '../platform/read-whole.ts';
import type { StoreLooks } from '../ports/world.ts';

/** Names that a kit gives to its own files. */
export const kitNames = { runbook: 'runbook.yaml', values: 'values.env', list: 'thaw-kit.json' } as const;

/** A kit that lies unpacked in a folder of this host: its relative paths count from there. */
export type KitFolder = {
  readonly folder: string;
  readonly kit: Kit;
  /** What was known where it was made; whatever is given here counts for more. */
  readonly values: ReadonlyMap<string, string>;
};

/**
 * Into a folder that is empty or not there yet; the list of the kit is written last, so that one that was not unpacked whole is none. The
 * program stays where it is: what runs here is one already.
 */
export async function unpackKit(request: {
  readonly store: StoreLooks;
  readonly found: FoundKit;
  readonly into: string;
  readonly takes: (file: KitFile) => boolean;
  readonly onLine: (line: string) => void;
}): Promise<Outcome<void>> {
  const { store, found, into, takes, onLine } = request;
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
  return writeOwn(join(into, kitNames.list), { content: Buffer.from(writeKit(found.kit)) });
}

async function isFree(into: string, kit: Kit): Promise<Outcome<void>> {
  try {
    const there = await readdir(into);
    const ours = new Set([kitNames.list, ...kit.files.map(({ path }) => path.split('/')[0])]);
    if (there.every((name) => ours.has(name) || name === kit.environmentFile)) return succeed(undefined);
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
  return read.ok ? succeed({ folder, kit: kit.value, values: read.value.values }) : read;
}

async function readIfThere(path: string): Promise<Outcome<string | undefined>> {
  try {
    return succeed(String(await readWhole(path)));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return succeed(undefined);
    return fail(describeFileFailure({ doing: `read ${path}`, error }) satisfies Failure);
  }
}
