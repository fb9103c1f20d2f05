import { readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readText } from '../../../app/read-text.ts';
import { readEnvFile } from '../../../base/env-file.ts';
import { fail, type Outcome, succeed } from '../../../base/failure.ts';
import { withEnvFiles } from '../../../draft/compose-model.ts';
import { guessStores, readStoreOption, type StoreGuess } from '../../../draft/find-stores.ts';
import type { SeenEnvFile, SeenStore, Survey } from '../../../draft/survey.ts';
import type { World } from '../../../ports/world.ts';
import { lookIntoStore } from './look-into-store.ts';
import { type Project, readProject } from './read-project.ts';

type Request = {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly envFiles: readonly string[];
  readonly store: string | undefined;
};

/** Looks at compose files, env files and the store of the backups. Fails only where a store that was named does not answer. */
export async function surveyFolder(request: Request, world: World): Promise<Outcome<Survey>> {
  const { folder, environment } = request;
  const names = listNames(folder);
  const unread: string[] = [];
  const own = await readEnvFiles(envFilesHere(request, names), { environment, unread });
  const project = await readProject({ folder, names, environment, envFiles: own, unread });
  const known = new Set(own.map(({ path }) => path));
  const named = (project?.model.services ?? []).flatMap((one) =>
    one.envFiles.map((path) => resolve(folder, path)),
  );
  const more = await readEnvFiles(
    named.filter((path) => !known.has(path) && isFile(path)),
    { environment, unread },
  );
  const envFiles = [...own, ...more];
  const compose = project && {
    ...project,
    model: withEnvFiles(
      project.model,
      (name) => envFiles.find(({ path }) => path === resolve(folder, name))?.values,
    ),
  };
  const newest = await world.clusters.newestVersion();
  const seen: Survey = {
    folder,
    envFiles,
    unread,
    ...(compose === undefined ? {} : { compose }),
    ...(newest.ok ? { hostMajor: newest.value.major } : {}),
  };
  const store = await findStore(request, { survey: seen, unread, world });
  if (!store.ok) return store;
  return succeed(store.value === undefined ? seen : { ...seen, store: store.value });
}

function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // That it cannot be read is told when the runbook is to be written there.
    return [];
  }
}

const template = /(?:example|sample|template|dist|test)/i;

/** Those that were named, and those of the folder. One that cannot be read is told, and the others are taken. */
async function readEnvFiles(
  paths: readonly string[],
  { environment, unread }: Pick<Project, 'environment' | 'unread'>,
): Promise<readonly SeenEnvFile[]> {
  const files: SeenEnvFile[] = [];
  for (const path of new Set(paths)) {
    const text = await readText(path);
    const read = text.ok ? readEnvFile(text.value, { path, lookup: (name) => environment[name] }) : text;
    if (read.ok) files.push({ path, values: read.value.values });
    else unread.push(`${read.failure.message} ${read.failure.remedy}`);
  }
  return files;
}

function envFilesHere({ folder, envFiles }: Request, names: readonly string[]): readonly string[] {
  const here = names.filter(
    (name) => /^(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env)$/.test(name) && !template.test(name),
  );
  return [...envFiles, ...here].map((path) => resolve(folder, path));
}

/** The store that was named, else the first that is said to hold dumps and does. */
async function findStore(
  request: Request,
  { survey, unread, world }: { readonly survey: Survey; readonly unread: string[]; readonly world: World },
): Promise<Outcome<SeenStore | undefined>> {
  if (request.store !== undefined) {
    const named = readStoreOption(request.store, { survey, environment: request.environment });
    if ('fault' in named) return fail(badStore(named.fault));
    const missing = missingValues(named);
    if (missing.length > 0) {
      unread.push(sayMissing(named, missing));
      return succeed(withoutValues(named));
    }
    const listed = await lookIntoStore(named, { survey, world });
    return listed.ok ? succeed({ ...withoutValues(named), listed: listed.value }) : listed;
  }
  let first: SeenStore | undefined;
  for (const guess of guessStores(survey, isFolder)) {
    const missing = missingValues(guess);
    const listed = missing.length > 0 ? undefined : await lookIntoStore(guess, { survey, world });
    const seen = withoutValues(guess);
    if (listed?.ok && hasDumps(listed.value)) return succeed({ ...seen, listed: listed.value });
    if (listed === undefined) unread.push(sayMissing(guess, missing));
    else if (!listed.ok)
      unread.push(
        `${guess.address} could not be looked into: ${listed.failure.message} ${listed.failure.remedy}`,
      );
    first ??= listed?.ok ? { ...seen, listed: listed.value } : seen;
  }
  return succeed(first);
}

function hasDumps({ recognised, contents }: NonNullable<SeenStore['listed']>): boolean {
  return recognised !== undefined || [...contents.values()].some(({ kind }) => kind !== 'other');
}

function missingValues({ inputs, values }: StoreGuess): readonly string[] {
  return inputs.map(({ name }) => name).filter((name) => !values.has(name));
}

function sayMissing({ address }: StoreGuess, missing: readonly string[]): string {
  return `${address} was not looked into: ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not at hand. With ${missing.length === 1 ? 'it' : 'them'} in the environment or in a file of --env-file, \`thaw init\` reads the layout.`;
}

/** Nothing of a survey but its env files holds a credential. */
function withoutValues({ values: _, ...place }: StoreGuess): SeenStore {
  return place;
}

function badStore(fault: string) {
  return {
    code: 'invalid-input',
    message: `${fault}.`,
    remedy: 'Name it as s3://BUCKET/PREFIX, rclone:REMOTE:PATH, or the path of a folder.',
    retry: 'after-fix',
  } as const;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
