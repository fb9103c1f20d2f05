import { type Check, couldNotVerify, passed } from '../../base/verdict.ts';
import type { CheckContext, StepOf } from '../../kinds/kind.ts';
import { unanswered } from '../../operations/open-targets.ts';
import { servicesOf } from '../../operations/stop-services.ts';
import type { MountedVolume, VolumeAt } from '../../ports/services.ts';
import { filesPlaces } from './files-places.ts';
import type { restoreFilesKind } from './kind.ts';

/**
 * Whether the services mount the volume that the files go into: one that is there under a name with a slip in it takes them all, and the
 * application never sees them. Empty for a folder in no volume, in a drill, and where no services are declared.
 */
export async function checkVolume(
  step: StepOf<typeof restoreFilesKind>,
  context: Pick<CheckContext<'services'>, 'mode' | 'runId' | 'targets' | 'workFile' | 'world'>,
): Promise<readonly Check[]> {
  if (context.mode === 'drill') return [];
  const services = servicesOf(context);
  const { target } = filesPlaces(step, context);
  const found = await services?.volumeAt?.(target);
  if (services === undefined || found === undefined) return [];
  if (!found.ok) return [unanswered(found.failure)];
  if (found.value === undefined) return [];
  const { name, isThere, mounted } = found.value;
  const mine = mounted.find((volume) => volume.name === name);
  if (mine === undefined) return [notMounted(found.value, { address: services.address, target })];
  return isThere
    ? [
        passed(
          `${target} is in the volume ${name}, which ${mine.services.join(', ')} ${mine.services.length === 1 ? 'mounts' : 'mount'}`,
        ),
      ]
    : [];
}

function notMounted(
  { name, isThere, mounted, outside }: VolumeAt,
  { address, target }: { readonly address: string; readonly target: string },
): Check {
  const theirs = mounted.map((volume) => `${volume.name} (${volume.services.join(', ')})`).join(', ');
  const others = outside.length === 0 ? '' : `; outside of them ${outside.join(', ')} mounts it`;
  return couldNotVerify(
    `no service of ${address} mounts the volume ${name} (${target})${isThere ? '' : ', which is not there'}; they mount ${theirs === '' ? 'no volume' : theirs}${others}`,
    remedyFor(name, mounted),
  );
}

function remedyFor(name: string, mounted: readonly MountedVolume[]): string {
  const [likely, ...more] = mounted.filter((volume) => ownName(volume.name) === ownName(name));
  if (likely !== undefined && more.length === 0) {
    const place = likely.place ?? `the place of ${likely.name} (docker volume create ${likely.name})`;
    return `Probably ${likely.name} is meant: correct \`into\` to ${place}.`;
  }
  if (mounted.length === 0)
    return 'Correct `into` to the folder they read (docker compose config), or have a service mount this volume.';
  return 'Correct `into` to the place of one of those (docker volume inspect NAME), or have a service mount this one.';
}

/** Without the project that Compose puts before it: what a person who leaves it out, or has a slip in it, gets right. */
function ownName(volume: string): string {
  return volume.slice(volume.indexOf('_') + 1);
}
