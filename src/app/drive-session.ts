import { join } from 'node:path';
import { type Failure, type Outcome, succeed } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import { guardJournal } from '../engine/journal-writer.ts';
import type { EntryOf } from '../journal/entry.ts';
import type { JournalReading } from '../journal/read-journal.ts';
import type { RunFolder } from '../ports/run-folder.ts';
import type { World } from '../ports/world.ts';
import { handlers } from '../registry/kinds.ts';
import { startSession } from '../session/session.ts';
import { anchorPlace } from './anchors.ts';
import { type AnswerInstead, attend } from './attend.ts';
import { createAttendants } from './attendants.ts';
import { openChainMemory, rememberChosen } from './chain-memory.ts';
import { statusBeforeRun } from './exit-status.ts';
import { sayOrigins, sayOverruled } from './given-values.ts';
import type { ReadyRunbook } from './load-runbook.ts';
import type { WalkOptions } from './options.ts';
import { findProvenSnapshots } from './past-runs.ts';
import { checkKit } from './prove-kit.ts';
import { runDoorPath } from './run-locks.ts';
import { adviseOn, type TerminalContext } from './terminal.ts';
import { writeRecord } from './write-record.ts';

type DriveRequest = {
  readonly mode: Mode;
  readonly options: WalkOptions;
  readonly ready: ReadyRunbook;
  readonly world: World;
  readonly folder: RunFolder;
  readonly reading: JournalReading;
  readonly start: EntryOf<'run-started'>;
  readonly logFolder: string;
  readonly answerInstead?: AnswerInstead;
};

/** A run, new or resumed, from its journal to the exit status. */
export async function driveSession(
  request: DriveRequest,
  context: TerminalContext,
): Promise<Outcome<number>> {
  const { mode, options, ready, world, folder, reading, start, logFolder, answerInstead } = request;
  const attendants = context.attendants ?? createAttendants({ whenAlone: 'stops' });
  ready.show(pathsOf({ folder, start, logFolder }));
  const provenSnapshots = await findProvenSnapshots({ logFolder, name: ready.runbook.name });
  const memory = await openChainMemory({ logFolder, runbook: ready.runbook.name });
  const shut = await attendants.openDoor({ path: runDoorPath(logFolder, folder.id), folder: folder.path });
  const driven = guardJournal(async () => {
    const session = await startSession({
      mode,
      title: ready.filled.title,
      bring: ready.filled.bring,
      advice: [...sayShut(shut), ...adviseOn(attendants, context), ...sayOverruled(ready.values)],
      whenAlone: attendants.whenAlone,
      origins: sayOrigins(ready.values),
      ...(mode === 'drill' && ready.filled.producer?.kit !== undefined
        ? { proveKit: () => checkKit({ ready, world }) }
        : {}),
      steps: ready.filled.steps,
      handlers,
      targets: ready.targets,
      world,
      folder,
      redact: ready.redact,
      mask: ready.mask,
      reading,
      start,
      wantedSnapshot: options.snapshot,
      provenSnapshots,
      seenLinks: memory.seen,
      writeRecord: () => writeRecord({ folder, logFolder, ...anchorPlace(request) }),
    });
    attendants.serve(session);
    const status = await attend({
      session,
      options,
      context,
      attendants,
      ...(answerInstead === undefined ? {} : { answerInstead }),
    });
    await rememberChosen(memory, folder);
    return succeed(status);
  });
  const done = await driven.finally(attendants.closeDoor);
  // Where the process was begun for this run, it has more to say before it ends.
  if (context.attendants === undefined) attendants.end(done.ok ? done.value : statusBeforeRun(done.failure));
  return done;
}

function sayShut(shut: Failure | undefined): readonly string[] {
  if (shut === undefined) return [];
  return [
    `No other terminal can come to this run: ${shut.message} \`thaw stop\` stops it from anywhere on this host.`,
  ];
}

/** What the operator reads, opens and pastes. A passphrase that is a common word would make holes in it. */
function pathsOf({
  folder: { path },
  start,
  logFolder,
}: Pick<DriveRequest, 'folder' | 'start' | 'logFolder'>): readonly string[] {
  const files = ['journal.jsonl', 'record.md', 'record.html', 'record.json', 'output'];
  return [
    ...[logFolder, path, start.runId, start.workPath, start.runbook.path],
    ...files.map((name) => join(path, name)),
    ...start.steps.map(({ id }) => join(path, 'output', `${id}.log`)),
    join(start.workPath, 'archive.dump'),
  ];
}
