import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JobState, readJobState } from '../backups/job-state.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { replaceFile } from '../platform/sync-folder.ts';

type Place = { readonly logFolder: string; readonly runbook: string; readonly job: string };

function pathOf({ logFolder, runbook, job }: Place): string {
  return join(logFolder, '.jobs', `${runbook}.${job}.json`);
}

/** undefined where there is none that can be read: then people are told once more than they need. */
export async function readJob(place: Place): Promise<JobState | undefined> {
  return readJobState(await readFile(pathOf(place), 'utf8').catch(() => ''));
}

export async function writeJob(place: Place, state: JobState): Promise<Outcome<void>> {
  const path = pathOf(place);
  try {
    await mkdir(join(place.logFolder, '.jobs'), { recursive: true, mode: 0o700 });
    await replaceFile(path, `${JSON.stringify(state, null, 2)}\n`);
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${path}`, error }));
  }
}
