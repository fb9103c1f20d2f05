import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { syncFolder } from '../../platform/durable-files.ts';
import type { Swapping } from '../../ports/file-trees.ts';
import { isThere } from './is-there.ts';
import { swapContents, swapsContents } from './swap-contents.ts';

/**
 * Two renames, and the names themselves tell after a crash how far it came: the old one still in place, aside, or replaced.
 * What is there and was not made by this swap stays as it is.
 */
export async function swapFolders(swapping: Swapping): Promise<Outcome<void>> {
  if (swapsContents(swapping)) return swapContents(swapping);
  const { target, incoming, kept, hadTarget } = swapping;
  const [isTarget, isSide, isKept] = await Promise.all([isThere(target), isThere(incoming), isThere(kept)]);
  if (isTarget && !isSide && isKept === hadTarget) return succeed(undefined);
  if (isSide && isTarget && !isKept && hadTarget) {
    const aside = await move(target, kept);
    if (!aside.ok) return aside;
    return move(incoming, target);
  }
  if (isSide && !isTarget && isKept === hadTarget) {
    await mkdir(dirname(target), { recursive: true });
    return move(incoming, target);
  }
  const there =
    [isTarget && target, isSide && incoming, isKept && kept].filter(Boolean).join(', ') || 'none of them';
  return fail({
    code: 'conflict',
    message: `The folders are not as the swap left them: of ${target}, ${incoming} and ${kept}, ${there} exist.`,
    remedy: 'Find out who renamed or removed one of them; put the names right by hand, then retry.',
    retry: 'after-fix',
  });
}

async function move(from: string, to: string): Promise<Outcome<void>> {
  try {
    await rename(from, to);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EBUSY' && code !== 'EXDEV') throw error;
    return fail({
      code: 'conflict',
      message: `${from} cannot be renamed to ${to}: ${code === 'EBUSY' ? 'one of them is a mount point' : 'they are on different file systems'}.`,
      remedy: 'Write `swap: contents` in this step, or name a folder below the mount point.',
      retry: 'after-fix',
    });
  }
  await syncFolder(dirname(to));
  return succeed(undefined);
}
