import { basename } from 'node:path';
import { type Outcome, succeed } from '../../base/failure.ts';
import type { ServiceStatus } from '../../ports/services.ts';
import type { ComposeCommand } from './compose-command.ts';
import type { ComposeConfig } from './find-project-files.ts';
import type { ProjectFiles } from './project-files.ts';
import type { ComposeContainer, ContainerDetails, DeclaredService } from './read-compose-status.ts';

type Look = {
  readonly compose: ComposeCommand;
  readonly config: ComposeConfig;
  readonly files: ProjectFiles;
  readonly declared: readonly DeclaredService[];
  readonly containers: readonly ComposeContainer[];
  readonly details: ReadonlyMap<string, ContainerDetails>;
};

/**
 * Whoever wrote the runbook saw the file it names, and chose what of it writes. What another file of the project adds, or only a
 * container tells of, nobody chose: it is marked, so that it is asked about.
 */
export async function addOutside(
  statuses: readonly ServiceStatus[],
  look: Look,
): Promise<Outcome<readonly ServiceStatus[]>> {
  const named = await namesOf(look.compose, 'named', look.files);
  if (!named.ok) return named;
  const hasProfiles = look.declared.some((service) => service.hasProfiles);
  const declared = new Set(look.declared.map(({ name }) => name));
  const active = hasProfiles ? await namesOf(look.compose, 'active', look.files) : succeed(declared);
  if (!active.ok) return active;
  const { all, named: namedFiles } = look.files;
  const more = all.filter((file) => !namedFiles.includes(file)).map((file) => basename(file));
  return succeed(
    statuses.map((status) => {
      const outside = !declared.has(status.name)
        ? orphanWords(status.name, look)
        : named.value?.has(status.name) === false
          ? `${more.join(' or ')} names it, and ${look.config.file} does not`
          : undefined;
      return {
        ...status,
        ...(outside === undefined ? {} : { outside }),
        ...(active.value?.has(status.name) === false ? { leftAlone: true as const } : {}),
      };
    }),
  );
}

/** undefined where the files of the runbook do not stand alone: then nothing can be told apart. */
async function namesOf(
  compose: ComposeCommand,
  ...[which, files]: ['named' | 'active', ProjectFiles]
): Promise<Outcome<ReadonlySet<string> | undefined>> {
  if (which === 'named' && files.all.length === files.named.length) return succeed(undefined);
  const names =
    which === 'named'
      ? await compose.config(['--profile', '*', 'config', '--services'], true)
      : await compose.config(['config', '--services']);
  if (!names.ok)
    return which === 'named' && names.failure.code === 'command-failed' ? succeed(undefined) : names;
  return succeed(new Set(names.value.split('\n').filter((name) => name !== '')));
}

function orphanWords(name: string, { containers, details }: Look): string {
  const mine = containers.filter(({ service }) => service === name);
  const words = mine.map((container) => {
    const known = details.get(container.id);
    const made = known?.configFiles.length ? `, made of ${known.configFiles.join(' and ')}` : '';
    return `${container.name} of image ${known?.imageName || 'unknown'}${made}`;
  });
  return `no file of the project names it: container ${words.join('; ')}`;
}
