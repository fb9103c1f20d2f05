import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes } from '../base/units.ts';
import { type FoundKit, notAsSigned } from '../operations/read-kit.ts';
import type { ImageArchive } from '../ports/services.ts';
import type { StoreLooks, World } from '../ports/world.ts';
import { type CommandContext, printLine } from './command-context.ts';
import { kitNames } from './kit-folder.ts';
import { loadRunbook, readyRunbook } from './load-runbook.ts';
import type { Options } from './options.ts';

type Bringing = {
  /** Of the kit, unpacked. */
  readonly folder: string;
  readonly found: FoundKit;
  readonly store: StoreLooks;
  readonly world: World;
};

type Where = Pick<CommandContext, 'stdout' | 'environment' | 'folder'> & Options<'envFiles'>;

/**
 * The images of the kit, where this host lacks one: fetched, compared with what was signed, and only then given to Docker. An image that is
 * here under its name stays. Where Docker does not answer yet, that is said: the rest of the restore does not need it before its services.
 */
export async function bringImages(request: Bringing, context: Where): Promise<Outcome<void>> {
  const { folder, found } = request;
  const file = found.kit.files.find(({ role }) => role === 'images');
  if (file === undefined) return succeed(undefined);
  const names = found.kit.images.map(({ name }) => name);
  const archive = await openArchive(request, context);
  if (!archive.ok) return notNow(archive.failure, context);
  if (archive.value === undefined) return succeed(undefined);
  const before = await archive.value.present(names);
  if (!before.ok) return notNow(before.failure, context);
  if (names.length > 0 && names.every((name) => before.value.has(name))) {
    printLine(context, 'The images of the services are on this host.');
    return succeed(undefined);
  }
  printLine(context, `The images of the services are fetched, ${formatBytes(file.sizeBytes)}.`);
  const path = join(folder, file.path);
  const fetched = await fetchArchive({ ...request, path, file });
  if (!fetched.ok) return fetched;
  const loaded = await archive.value.load(path);
  if (!loaded.ok) return loaded;
  await rm(path, { force: true });
  const after = await archive.value.present(names);
  if (!after.ok) return after;
  for (const name of names)
    printLine(
      context,
      after.value.has(name)
        ? `  ${name}: loaded`
        : `  ${name}: not known to Docker by this name; it has to be pulled: docker pull ${name}`,
    );
  return succeed(undefined);
}

async function openArchive(
  { folder, world }: Bringing,
  context: Where,
): Promise<Outcome<ImageArchive | undefined>> {
  const loaded = await loadRunbook(join(folder, kitNames.runbook), context);
  if (!loaded.ok) return loaded;
  const ready = await readyRunbook(loaded.value, {
    mode: 'live',
    environment: context.environment,
    envFiles: context.envFiles,
    needs: ({ production }) => production.services,
  });
  if (!ready.ok) return ready;
  const { services } = ready.value.filled.production;
  return succeed(services && world.openServices(services).images);
}

async function fetchArchive(
  request: Bringing & { readonly path: string; readonly file: FoundKit['kit']['files'][number] },
): Promise<Outcome<void>> {
  const { store, found, world, path, file } = request;
  const key = `${found.prefix}${file.object}`;
  const object = await store.describe(key);
  if (!object.ok) return object;
  if (object.value === undefined)
    return fail(notAsSigned(file, `${key} in ${store.address}: it is not there`));
  const downloaded = await world.host.download({
    ...{ from: store, object: object.value, toFile: path, stallMs: 30_000 },
    onProgress: () => undefined,
  });
  if (!downloaded.ok) return downloaded;
  if (downloaded.value.sha256 === file.sha256) return succeed(undefined);
  await rm(path, { force: true });
  return fail(notAsSigned(file, `${key} in ${store.address}`));
}

function notNow({ message, remedy }: Failure, context: Where): Outcome<void> {
  printLine(
    context,
    `The images of the kit are not loaded: ${message} ${remedy} Then run this once more in the same folder, and they are.`,
  );
  return succeed(undefined);
}
