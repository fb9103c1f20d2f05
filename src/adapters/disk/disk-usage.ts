import { statfs } from 'node:fs/promises';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';

/** As df shows it: used of what ordinary users may use, in percent. */
export async function measureDiskUsage(path: string): Promise<Outcome<number>> {
  try {
    const { blocks, bfree, bavail } = await statfs(path);
    const used = blocks - bfree;
    return succeed((used / (used + bavail)) * 100);
  } catch (error) {
    return fail(describeFileFailure({ doing: `measure the file system of ${path}`, error }));
  }
}
