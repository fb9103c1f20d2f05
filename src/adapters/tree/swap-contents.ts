import { chmod, chown, lstat, mkdir, readdir, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { syncFolder } from '../../platform/durable-files.ts';
import type { Swapping } from '../../ports/file-trees.ts';
import { isThere } from './is-there.ts';
import { isNotContent } from './not-content.ts';
import { mayGiveAway } from './tree-digest.ts';

/** A folder that cannot be renamed, being a mount point, holds both others: what comes in, and what is kept. */
export function swapsContents({ target, incoming }: Swapping): boolean {
  return incoming.startsWith(`${target}/`);
}

/** While it has this name everything old is aside, and what comes in moves to its place. */
function coming({ incoming }: Swapping): string {
  return `${incoming}.in`;
}

/**
 * First everything old into one folder, entry by entry, then everything new out of another; the name of the latter tells after
 * a crash which of the two it was. In between the place is not whole, so nobody may be writing or reading there.
 */
export async function swapContents(swapping: Swapping): Promise<Outcome<void>> {
  const { target, incoming, kept } = swapping;
  const inward = coming(swapping);
  const [isSide, isInward, isKept] = await Promise.all([isThere(incoming), isThere(inward), isThere(kept)]);
  if (!isSide && !isInward && isKept) return succeed(undefined);
  if (isSide === isInward) return fail(notAsLeft(swapping));
  if (isSide) {
    await mkdir(kept, { recursive: true, mode: 0o700 });
    const aside = await moveAll(target, kept);
    if (!aside.ok) return aside;
    await rename(incoming, inward);
    await syncFolder(target);
  }
  const moved = await moveAll(inward, target);
  if (!moved.ok) return moved;
  await dressLike(inward, target);
  await rmdir(inward);
  await syncFolder(target);
  return succeed(undefined);
}

/** Made by us and never dressed, it says nothing about whose the place is. */
async function dressLike(inward: string, target: string): Promise<void> {
  const { mode, uid, gid } = await lstat(inward);
  if ((mode & 0o7777) === 0o700 && uid === process.getuid?.()) return;
  if (mayGiveAway()) await chown(target, uid, gid);
  await chmod(target, mode & 0o7777);
}

/** Begun, and not ended: part of the old is aside, or part of the new still is. */
export async function isSwapHalfway(swapping: Swapping): Promise<boolean> {
  const { target, incoming, kept, hadTarget } = swapping;
  if (!swapsContents(swapping)) return hadTarget && !(await isThere(target));
  return (await isThere(coming(swapping))) || ((await isThere(kept)) && (await isThere(incoming)));
}

async function moveAll(from: string, to: string): Promise<Outcome<void>> {
  for (const name of await readdir(from)) {
    if (isNotContent(name)) continue;
    // rename would put it over a file of that name: whoever came back too early has written one.
    if (await isThere(join(to, name))) return fail(inTheWay(join(to, name)));
    await rename(join(from, name), join(to, name));
  }
  await syncFolder(to);
  return succeed(undefined);
}

function inTheWay(path: string) {
  return {
    code: 'conflict',
    message: `${path} came into being while the files were swapped.`,
    remedy: 'Stop whoever uses the folder, take that aside by hand, then retry.',
    retry: 'after-fix',
  } as const;
}

function notAsLeft({ target, incoming, kept }: Swapping) {
  return {
    code: 'conflict',
    message: `The folders in ${target} are not as the swap left them: ${incoming} or ${kept} was renamed or removed.`,
    remedy: 'Find out who did that; put the names right by hand, then retry.',
    retry: 'after-fix',
  } as const;
}
