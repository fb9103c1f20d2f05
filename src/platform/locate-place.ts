import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { FilePlace } from '../base/file-place.ts';
import { errorCode } from '../base/thrown.ts';

/**
 * Through every link and every mount: a bind mount shows a folder under another path, and no link tells. What is not there yet is placed
 * below the nearest folder above it that is.
 *
 * @throws what the file system throws, but for a path that does not exist.
 */
export async function locatePlace(path: string): Promise<FilePlace> {
  const { real, rest } = await resolveExisting(resolve(path));
  const mounted = await findMount(real);
  if (mounted === undefined) return { device: String((await stat(real)).dev), path: join(real, rest) };
  return { device: mounted.device, path: join(mounted.root, real.slice(mounted.point.length), rest) };
}

async function resolveExisting(path: string): Promise<{ readonly real: string; readonly rest: string }> {
  try {
    return { real: await realpath(path), rest: '' };
  } catch (error) {
    const code = errorCode(error);
    if ((code !== 'ENOENT' && code !== 'ENOTDIR') || dirname(path) === path) throw error;
    const above = await resolveExisting(dirname(path));
    return { real: above.real, rest: join(above.rest, basename(path)) };
  }
}

/** Of mounts over one another the last one is seen. undefined where the system keeps no such list. */
async function findMount(
  real: string,
): Promise<{ readonly device: string; readonly root: string; readonly point: string } | undefined> {
  let found: { device: string; root: string; point: string } | undefined;
  for (const { device, root, point } of await listMounts()) {
    const holds = point === '/' || real === point || real.startsWith(`${point}/`);
    if (holds && point.length >= (found?.point.length ?? 0)) found = { device, root, point };
  }
  return found === undefined ? undefined : { ...found, point: found.point === '/' ? '' : found.point };
}

/** What the kernel has mounted where, see proc_pid_mountinfo(5); a bind mount has the device of the folder it shows. */
export async function listMounts(): Promise<
  readonly { readonly device: string; readonly root: string; readonly point: string }[]
> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  // Spaces and the like stand there in octal.
  const plain = (field = '') =>
    field.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '))
    .map(([, , device = '', root, point]) => ({ device, root: plain(root), point: plain(point) }));
}
