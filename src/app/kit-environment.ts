import { join, resolve } from 'node:path';
import { layersOf } from '../backups/wrapping.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { isFile } from '../platform/file-kinds.ts';
import type { World } from '../ports/world.ts';
import { type CommandContext, printLine } from './command-context.ts';
import { type KitFolder, kitNames, placeEnvironment } from './kit-folder.ts';
import { loadRunbook } from './load-runbook.ts';
import type { Options } from './options.ts';
import { readyOrAsk } from './ready-or-ask.ts';
import type { TerminalContext, TerminalOptions } from './terminal.ts';

type Given = Pick<CommandContext, 'environment'> & Options<'envFiles'>;

type Asking = {
  readonly options: TerminalOptions & Options<'envFiles'>;
  readonly context: TerminalContext & Pick<CommandContext, 'folder'>;
};

/**
 * The env file of production for a kit that was just unpacked, at the place where runbook and services look for it: the file that was
 * given, or else the one that lies encrypted in the kit, opened with the key of the backups. Values come along as they were given or
 * typed, so that nobody is asked twice.
 */
export async function bringEnvironment(
  { folder, kit, world }: Pick<KitFolder, 'folder' | 'kit'> & { readonly world: World },
  { options, context }: Asking,
): Promise<Outcome<Given>> {
  const { environment } = context;
  const { envFiles } = options;
  const [first] = envFiles;
  const sealed = kit.files.find(({ role }) => role === 'environment');
  if (first !== undefined || sealed === undefined || kit.environmentFile === undefined) {
    // An operator who names the file of the vault means it for the services, too.
    const placed = await placeEnvironment({ folder, kit }, first && resolve(context.folder, first));
    if (!placed.ok) return placed;
    if (placed.value !== undefined) printLine(context, placed.value);
    return succeed({ environment, envFiles });
  }
  const path = join(folder, kit.environmentFile);
  const given = { environment, envFiles: [path] };
  if (await isFile(path)) return succeed(given);
  const loaded = await loadRunbook(join(folder, kitNames.runbook), context);
  if (!loaded.ok) return loaded;
  const needs = ({ backups }: typeof loaded.value.runbook) => backups.key;
  const ready = await readyOrAsk(loaded.value, { mode: 'live', needs, options, context });
  if (!ready.ok) return ready;
  const opened = await world.openUnpacker(ready.value.targets.backups.key).unpack({
    fromFile: join(folder, sealed.path),
    toFile: path,
    layers: layersOf(sealed.path),
    onProgress: () => undefined,
  });
  if (!opened.ok) return fail({ ...opened.failure, remedy: `${opened.failure.remedy} ${orGiveIt}` });
  printLine(context, `${sealed.path} was opened with the key of the backups, to ${path}`);
  const typed = await Promise.all(
    ready.value.values.map(async ({ name, value }) => {
      // The walk works in the folder of the kit; who typed a path stood in this one.
      const here = resolve(context.folder, value);
      return [name, (await isFile(here)) ? here : value] as const;
    }),
  );
  return succeed({ ...given, environment: { ...environment, ...Object.fromEntries(typed) } });
}

const orGiveIt = 'Or give the env file from elsewhere, with --env-file.';
