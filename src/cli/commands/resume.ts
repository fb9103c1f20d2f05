import { resolve } from 'node:path';
import { type Failure, fail, type Outcome } from '../../base/failure.ts';
import type { RunState } from '../../journal/run-state.ts';
import type { Options } from '../arguments.ts';
import { driveSession } from '../drive-session.ts';
import { loadRunbook, readyRunbook } from '../load-runbook.ts';
import { withRunLocks } from '../run-locks.ts';
import { findRun, openRunToWork } from '../run-log.ts';
import type { Surroundings } from '../surroundings.ts';
import { createWorld } from '../wire.ts';

type ResumeRequest = { readonly named: string | undefined; readonly options: Options };

/** Goes on where a run stopped, with the same runbook, on the same host. */
export async function resume(request: ResumeRequest, surroundings: Surroundings): Promise<Outcome<number>> {
  const { options, named } = request;
  const { environment, folder } = surroundings;
  const logFolder = resolve(folder, options.logFolder);
  const unfinished = (state: RunState) => state.ended === undefined;
  const found = await findRun({ logFolder, named, fits: unfinished, what: 'unfinished run' });
  if (!found.ok) return found;
  const { start } = found.value.state;
  const loaded = await loadRunbook(start.runbook.path, folder);
  if (!loaded.ok) return loaded;
  const world = createWorld(environment);
  const refusal = refuse(found.value.state, {
    host: world.host.facts.name,
    fingerprint: loaded.value.fingerprint,
  });
  if (refusal !== undefined) return fail(refusal);
  const ready = await readyRunbook(loaded.value, {
    mode: start.mode,
    environment,
    envFiles: options.envFiles,
  });
  if (!ready.ok) return ready;
  const target = world.openDatabaseServer(ready.value.targets.acting.databaseUrl);
  try {
    return await withRunLocks({ logFolder, runId: start.runId, target }, async () => {
      const run = await openRunToWork({ logFolder, runId: start.runId });
      if (!run.ok) return run;
      const { reading, folder: runFolder } = run.value;
      if (reading.tornBytes > 0) {
        const cut = await runFolder.cutJournal(reading.wholeBytes);
        if (!cut.ok) return cut;
      }
      return driveSession(
        {
          mode: start.mode,
          options,
          ready: ready.value,
          world,
          folder: runFolder,
          reading,
          start,
          logFolder,
        },
        surroundings,
      );
    });
  } finally {
    await world.close();
  }
}

/** A run goes on only where everything it stands on is as it was. */
function refuse(
  state: RunState,
  now: { readonly host: string; readonly fingerprint: string },
): Failure | undefined {
  const { runId, host, runbook } = state.start;
  if (state.ended !== undefined) {
    return {
      code: 'invalid-input',
      message: `Run ${runId} is finished.`,
      remedy: `Read it with \`thaw records show ${runId}\`, or start a new run.`,
      retry: 'never',
    };
  }
  if (host.name !== now.host) {
    return {
      code: 'conflict',
      message: `Run ${runId} began on host ${host.name}; this is ${now.host}.`,
      remedy: `Resume it on ${host.name}, or start a new run here: its files and locks are on the other host.`,
      retry: 'after-fix',
    };
  }
  if (runbook.fingerprint !== now.fingerprint) {
    return {
      code: 'conflict',
      message: `Runbook ${runbook.path} has changed since run ${runId} began.`,
      remedy: 'Put the runbook back as it was to resume, or start a new run with the new one.',
      retry: 'after-fix',
    };
  }
  return undefined;
}
