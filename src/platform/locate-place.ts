import { readFile, realpath } from 'node:fs/promises';
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

type Mount = { readonly device: string; readonly root: string; readonly point: string };

/** Of mounts over one another the last one is seen. */
async function findMount(real: string): Promise<Mount> {
  const holds = ({ point }: Mount) => point === '/' || real === point || real.startsWith(`${point}/`);
  const deepest = (await listMounts())
    .filter(holds)
    .reduce((a, b) => (b.point.length >= a.point.length ? b : a), { device: '', root: '/', point: '/' });
  return deepest.point === '/' ? { ...deepest, point: '' } : deepest;
}

/** What the kernel has mounted where, see proc_pid_mountinfo(5); a bind mount has the device of the folder it shows. */
export async function listMounts(): Promise<readonly Mount[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8');
  // Spaces and the like stand there in octal.
  const plain = (field = '') =>
    field.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' '))
    .map(([, , device = '', root, point]) => ({ device, root: plain(root), point: plain(point) }));
}
