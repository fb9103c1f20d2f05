import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../base/thrown.ts';

/** Files that are whole after a crash and after a power cut. All of them throw what the file system throws. */

/**
 * A new or renamed file is only safe from a power cut once the folder that names it is on the disk, too. A file system that cannot be told so
 * about a folder (some that lie on a network) does what it does without.
 */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}

type NewFile = {
  readonly path: string;
  readonly content: string | Buffer;
  /** Of the permissions; what the umask of this process leaves of 0666 where it is left out. */
  readonly mode?: number;
  /** Given away to these, where this process may. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Reads it back before it counts. */
  readonly readBack?: boolean;
};

/** Its bytes are on the disk when this returns. Never over a file that is there. */
export async function writeNewFile(file: NewFile): Promise<void> {
  const handle = await open(file.path, 'wx+', file.mode);
  try {
    await handle.writeFile(file.content);
    if (file.owner !== undefined && process.getuid?.() === 0)
      await handle.chown(file.owner.uid, file.owner.gid);
    await handle.sync();
    if (file.readBack) await readBack(handle, file);
  } finally {
    await handle.close();
  }
}

async function readBack(handle: FileHandle, { path, content }: NewFile): Promise<void> {
  const wanted = Buffer.from(content);
  const back = Buffer.alloc(wanted.length + 1);
  const { bytesRead } = await handle.read(back, 0, back.length, 0);
  if (back.subarray(0, bytesRead).equals(wanted)) return;
  throw Object.assign(new Error(`${path} does not hold what was written`), { code: 'EIO' });
}

/**
 * The file holds either its old content or all of the new one, whatever happens in between.
 *
 * @param file.alone nobody else writes there at the same time: then the name of what is half written is always the same, so that what a
 *   crash has left of it goes away with the next attempt. For what must not lie about, such as secrets.
 */
export async function replaceFile(file: NewFile & { readonly alone?: boolean }): Promise<void> {
  const unfinished = `${file.path}.${file.alone ? 'writing' : randomBytes(4).toString('hex')}`;
  if (file.alone) await rm(unfinished, { force: true });
  try {
    await writeNewFile({ ...file, path: unfinished });
    await rename(unfinished, file.path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(file.path));
}
