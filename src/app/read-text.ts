import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { readWhole } from '../platform/read-whole.ts';

/** A file that somebody wrote, as UTF-8. @param doing completes "Cannot … PATH" in the failure. */
export async function readText(path: string, doing = 'read'): Promise<Outcome<string>> {
  try {
    return succeed((await readWhole(path)).toString('utf8'));
  } catch (error) {
    return fail(describeFileFailure({ doing: `${doing} ${path}`, error }));
  }
}
