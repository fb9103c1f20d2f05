import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, succeed } from '../base/failure.ts';
import { createReadSession } from '../session/read-session.ts';
import type { Options } from './arguments.ts';
import { readRunPapers } from './read-run-papers.ts';
import { screenOptions, screenStreams } from './screen-options.ts';
import type { Surroundings } from './surroundings.ts';

/** A past run on the screen of the walk, to look around in. Reads only. */
export async function openRecord(
  request: { readonly logFolder: string; readonly runId: string; readonly options: Options },
  surroundings: Surroundings,
): Promise<Outcome<void>> {
  const read = await readRunPapers(request);
  if (!read.ok) return read;
  const { path } = read.value.run.folder;
  const recordPath = join(path, 'record.md');
  const session = createReadSession({
    path,
    found: read.value.papers,
    recordPath: existsSync(recordPath) ? recordPath : undefined,
    now: Date.now,
  });
  const { openScreen } = await import('../ui/open-screen.tsx');
  await openScreen({
    session,
    streams: screenStreams(surroundings),
    options: screenOptions(request.options, surroundings),
  });
  return succeed(undefined);
}
