import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Outcome, succeed } from '../base/failure.ts';
import { createReadSession, type RunOnDisk } from '../session/read-session.ts';
import type { OutputLine } from '../session/view.ts';
import { type LoggedRun, openRun } from './run-log.ts';
import { screenOptions, screenStreams, type TerminalContext, type TerminalOptions } from './terminal.ts';

/** The end of an output file: enough for the last 2,000 lines of what programs usually print. */
const tailBytes = 400_000;

/** A run as its folder tells it, the last lines of its output files included. Nothing is written. */
async function readRunViews(request: {
  readonly logFolder: string;
  readonly runId: string;
}): Promise<Outcome<{ readonly run: LoggedRun; readonly views: RunOnDisk }>> {
  const run = await openRun(request);
  if (!run.ok) return run;
  const { folder, reading, state } = run.value;
  const outputs = await Promise.all(
    state.start.steps.map(
      async ({ id }) => [id, await readTail(join(folder.path, 'output', `${id}.log`))] as const,
    ),
  );
  const { entries, head } = reading;
  return succeed({ run: run.value, views: { entries, headHash: head.hash, outputs: new Map(outputs) } });
}

/** A file that is not there, or cannot be read, has no lines to show. */
async function readTail(path: string): Promise<readonly OutputLine[]> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return [];
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - from);
    await file.read(buffer, 0, buffer.length, from);
    const lines = buffer.toString('utf8').split('\n');
    // The first line may have lost its beginning.
    return lines.slice(from > 0 ? 1 : 0).flatMap(readLine);
  } finally {
    await file.close();
  }
}

/** 2026-04-28T14:48:07.120Z what was printed */
function readLine(line: string): readonly OutputLine[] {
  const space = line.indexOf(' ');
  const atMs = Date.parse(line.slice(0, space));
  return Number.isNaN(atMs) ? [] : [{ atMs, text: line.slice(space + 1) }];
}

/** A past run on the screen of the walk, to look around in. Reads only. */
export async function openRecord(
  request: { readonly logFolder: string; readonly runId: string; readonly options: TerminalOptions },
  context: TerminalContext,
): Promise<Outcome<void>> {
  const read = await readRunViews(request);
  if (!read.ok) return read;
  const { path } = read.value.run.folder;
  const recordPath = join(path, 'record.md');
  const session = createReadSession({
    path,
    found: read.value.views,
    recordPath: existsSync(recordPath) ? recordPath : undefined,
  });
  const { openScreen } = await import('../ui/open-screen.tsx');
  await openScreen({
    session,
    streams: screenStreams(context),
    options: screenOptions(request.options, context),
  });
  return succeed(undefined);
}
