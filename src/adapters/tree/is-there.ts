import { lstat } from 'node:fs/promises';
import { errorCode } from '../../base/thrown.ts';

/** Whether anything has that name; a link counts by itself. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
