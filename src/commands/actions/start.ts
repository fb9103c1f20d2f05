import { join, resolve } from 'node:path';
import { openRunFolder } from '../../adapters/disk/disk-run-folder.ts';
import type { AnswerInstead } from '../../app/attend.ts';
import type { CommandContext } from '../../app/command-context.ts';
import { driveSession } from '../../app/drive-session.ts';
import { aboutRun, firstEntry } from '../../app/first-entry.ts';
import { loadRunbook, type ReadyRunbook, standInKit } from '../../app/load-runbook.ts';
import type { BeginOptions } from '../../app/options.ts';
import { placeThrowaway } from '../../app/place-throwaway.ts';
import { readyOrAsk } from '../../app/ready-or-ask.ts';
import { withRunLocks } from '../../app/run-locks.ts';
import { newRunId } from '../../app/run-log.ts';
import type { TerminalContext } from '../../app/terminal.ts';
import { type JobContext, watchJob } from '../../app/watch-job.ts';
import { type Failure, fail, type Outcome } from '../../base/failure.ts';
import type { Mode } from '../../base/mode.ts';
import { needsThrowaway } from '../../engine/targets.ts';
import { emptyJournal } from '../../journal/read-journal.ts';
import { handlers } from '../../registry/kinds.ts';
import { createWorld } from '../../registry/wire.ts';
import { canDrill } from '../../runbook/can-drill.ts';
import { undeclared } from '../../runbook/schema.ts';

export type StartRequest = {
  readonly runbook: string;
  readonly mode: Mode;
  readonly options: BeginOptions;
  readonly answerInstead?: AnswerInstead;
};

type StartContext = TerminalContext & Pick<CommandContext, 'folder'>;

/** A drill that a schedule begins has nobody who looks: its failure is told. */
export function drill(
  request: Omit<StartRequest, 'mode' | 'answerInstead'>,
  context: JobContext & StartContext,
): Promise<Outcome<number>> {
  return watchJob(
    { job: 'drill', ...request, work: () => start({ ...request, mode: 'drill' }, context) },
    context,
  );
}

/** A new run, in any mode. */
export async function start(request: StartRequest, context: StartContext): Promise<Outcome<number>> {
  const { mode, options } = request;
  const loaded = await loadRunbook(request.runbook, context);
  if (!loaded.ok) return loaded;
  standInKit(loaded.value);
  if (mode === 'drill' && !canDrill(loaded.value.runbook, handlers)) return fail(noDrill(loaded.value.path));
  const ready = await readyOrAsk(loaded.value, { mode, options, context });
  if (!ready.ok) return ready;
  return begin({ ...request, ready: ready.value }, context);
}

async function begin(
  request: StartRequest & { readonly ready: ReadyRunbook },
  context: StartContext,
): Promise<Outcome<number>> {
  const { mode, options, ready } = request;
  const world = createWorld(context.environment);
  try {
    const logFolder = resolve(context.folder, options.logFolder);
    const newId = await newRunId({ logFolder, nowMs: world.host.now(), name: ready.runbook.name, mode });
    if (!newId.ok) return newId;
    const runId = newId.value;
    const target = world.openDatabaseServer(
      ready.targets.target.databaseUrl,
      ready.targets.target.databaseRoute,
    );
    const { databaseName } = target;
    // A runbook without a database swaps folders alone; each asks for its own name.
    const hasDatabase = ready.runbook.production.database.url !== undeclared.database.url;
    const isOther = options.confirm.length > 0 && !options.confirm.includes(databaseName);
    if (mode === 'live' && hasDatabase && isOther) {
      return fail(otherName(databaseName, options.confirm));
    }
    return await withRunLocks(
      // A cluster of its own is nobody else's target.
      {
        logFolder,
        runId,
        target: mode === 'tabletop' || needsThrowaway(ready.filled, mode) ? undefined : target,
      },
      async (stillOurs) => {
        const path = join(logFolder, runId);
        const workPath =
          options.workFolder === undefined
            ? join(path, 'work')
            : resolve(context.folder, options.workFolder, runId);
        const folder = await openRunFolder({ path, workPath, stillOurs });
        if (!folder.ok) return folder;
        const about = await aboutRun({ ready, mode, options, logFolder, nowMs: world.host.now() });
        const placed = await placeThrowaway(ready, { mode, world, runId, workPath });
        const first = firstEntry({ ready: placed, mode, world, runId, about, workPath });
        return driveSession(
          {
            ...request,
            ready: placed,
            world,
            folder: folder.value,
            reading: emptyJournal,
            start: first,
            logFolder,
          },
          context,
        );
      },
    );
  } finally {
    await world.close();
  }
}

/** Known now, and not only when the writers have been stopped and everything waits for the swap. */
function otherName(databaseName: string, confirm: readonly string[]): Failure {
  return {
    code: 'invalid-input',
    message: `--confirm names ${confirm.join(', ')}, but this run would replace ${databaseName}. Nothing was touched.`,
    remedy: `Check the database URL; if ${databaseName} is what is meant, say --confirm ${databaseName}.`,
    retry: 'after-fix',
  };
}

function noDrill(path: string) {
  return {
    code: 'runbook-invalid' as const,
    message: `Runbook ${path} does not say what a drill uses instead of production.`,
    remedy:
      'Declare drill.objects where objects are mirrored, and drill.database where a cluster is recovered.',
    retry: 'after-fix' as const,
  };
}
