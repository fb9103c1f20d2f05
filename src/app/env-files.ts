import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readEnvFile } from '../base/env-file.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { isFolder } from '../platform/file-kinds.ts';
import type { EnvFile } from './given-values.ts';
import { readText } from './read-text.ts';

/** Where env files of the command line lie, whatever folder the process works in later. */
const startFolder = process.cwd();

/** Of a path of --env-file, in full. */
export function placeOf(path: string): string {
  return resolve(startFolder, path);
}

/** As `docker compose --env-file` does: a variable within a value comes from the environment first, then from the files so far. */
export async function readEnvFiles(
  paths: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Outcome<readonly EnvFile[]>> {
  const files: EnvFile[] = [];
  const soFar = new Map<string, string>();
  for (const path of paths) {
    const place = placeOf(path);
    if (!(await exists(place))) {
      return fail({
        code: 'invalid-input',
        message: `There is no env file ${path}.`,
        remedy: 'Give the path of an existing file with --env-file.',
        retry: 'after-fix',
      });
    }
    if (await isFolder(place)) {
      return fail({
        code: 'invalid-input',
        message: `The env file ${path} is a folder.`,
        remedy: 'Give the path of the file in it with --env-file, with its name: often .env.',
        retry: 'after-fix',
      });
    }
    const lookup = (name: string) => environment[name] ?? soFar.get(name);
    const text = await readText(place);
    const read = text.ok ? readEnvFile(text.value, { path, lookup }) : text;
    if (!read.ok) return read;
    for (const [name, value] of read.value.values) soFar.set(name, value);
    files.push({ path, values: Object.fromEntries(read.value.values) });
  }
  return succeed(files);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
