import { join } from 'node:path';
import { type Outcome, succeed } from '../base/failure.ts';
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
import { openChainMemory, rememberChosen } from './chain-memory.ts';
import { sayOrigins, sayOverruled } from './given-values.ts';
import type { ReadyRunbook } from './load-runbook.ts';
import type { WalkOptions } from './options.ts';
import { findProvenSnapshots } from './past-runs.ts';
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
  ready.show(pathsOf({ folder, start, logFolder }));
  const provenSnapshots = await findProvenSnapshots({ logFolder, name: ready.runbook.name });
  const memory = await openChainMemory({ logFolder, runbook: ready.runbook.name });
  return guardJournal(async () => {
    const session = await startSession({
      mode,
      title: ready.filled.title,
      bring: ready.filled.bring,
      advice: [...adviseOn(context.environment), ...sayOverruled(ready.values)],
      origins: sayOrigins(ready.values),
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
    const status = await attend({
      session,
      options,
      context,
      ...(answerInstead === undefined ? {} : { answerInstead }),
    });
    await rememberChosen(memory, folder);
    return succeed(status);
  });
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
