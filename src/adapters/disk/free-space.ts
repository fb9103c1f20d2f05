import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Failure } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { formatBytes } from '../../base/units.ts';

/** What is free for this user, not for root; asked of the nearest parent that exists. Throws what the kernel says. */
export async function measureFreeBytes(path: string): Promise<number> {
  try {
    const stats = await statfs(path);
    return stats.bavail * stats.bsize;
  } catch (error) {
    const parent = dirname(resolve(path));
    if (errorCode(error) !== 'ENOENT' || parent === resolve(path)) throw error;
    return measureFreeBytes(parent);
  }
}

export function outOfSpace(lack: {
  readonly doing: string;
  readonly path: string;
  readonly freeBytes: number;
  readonly neededBytes: number;
}): Failure {
  const { doing, path, freeBytes, neededBytes } = lack;
  return {
    code: 'out-of-space',
    message: `Cannot ${doing}: ${formatBytes(neededBytes)} more are needed and ${formatBytes(freeBytes)} are free on the file system of ${path}.`,
    remedy: `Free at least ${formatBytes(Math.max(0, neededBytes - freeBytes))} there, or use a work folder on another disk.`,
    retry: 'after-fix',
  };
}

/** As any failure of a file, but a full disk is told with its numbers. */
export async function describeWriteFailure(request: {
  readonly doing: string;
  readonly error: unknown;
  readonly path: string;
  readonly neededBytes: number;
}): Promise<Failure> {
  const failure = describeFileFailure(request);
  if (failure.code !== 'out-of-space') return failure;
  const freeBytes = await measureFreeBytes(request.path).catch(() => 0);
  return { ...outOfSpace({ ...request, freeBytes }), detail: failure.detail ?? '' };
}
