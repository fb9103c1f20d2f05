import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, succeed } from '../base/failure.ts';
import { createReadSession } from '../session/read-session.ts';
import type { Options } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import { readRunViews } from './read-run-views.ts';
import { screenOptions, screenStreams } from './screen-options.ts';

/** A past run on the screen of the walk, to look around in. Reads only. */
export async function openRecord(
  request: { readonly logFolder: string; readonly runId: string; readonly options: Options },
  context: CommandContext,
): Promise<Outcome<void>> {
  const read = await readRunViews(request);
  if (!read.ok) return read;
  const { path } = read.value.run.folder;
  const recordPath = join(path, 'record.md');
  const session = createReadSession({
    path,
    found: read.value.views,
    recordPath: existsSync(recordPath) ? recordPath : undefined,
    now: Date.now,
  });
  const { openScreen } = await import('../ui/open-screen.tsx');
  await openScreen({
    session,
    streams: screenStreams(context),
    options: screenOptions(request.options, context),
  });
  return succeed(undefined);
}
