import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { attachTo } from '../../app/attach.ts';
import type { CommandContext } from '../../app/command-context.ts';
import { driveSession } from '../../app/drive-session.ts';
import { enterRun } from '../../app/enter-run.ts';
import { loadRunbook } from '../../app/load-runbook.ts';
import { findWithoutRecord, lacksRecord, renderMissingRecord } from '../../app/missing-record.ts';
import type { Options, WalkOptions } from '../../app/options.ts';
import { raiseAgain } from '../../app/place-throwaway.ts';
import { runApart } from '../../app/run-apart.ts';
import { findRunToWork, openRunToWork } from '../../app/run-log.ts';
import type { TerminalContext } from '../../app/terminal.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { isUnfinished, type RunState } from '../../journal/run-state.ts';

type ResumeRequest = {
  readonly named: string | undefined;
  readonly options: WalkOptions & Options<'envFiles' | 'logFolder'>;
};

/** Goes on where a run stopped, with the same runbook, on the same host. */
export async function resume(request: ResumeRequest, context: CommandContext): Promise<Outcome<number>> {
  const { options, named } = request;
  const { folder } = context;
  const logFolder = resolve(folder, options.logFolder);
  const found = await findRunToWork({ logFolder, named, fits: isUnfinished, what: 'unfinished run' });
  if (!found.ok) {
    const ended = named === undefined ? await findWithoutRecord(logFolder) : undefined;
    return ended === undefined ? found : renderMissingRecord(ended, { logFolder, context });
  }
  const { start } = found.value.state;
  const loaded = await loadRunbook(start.runbook.path, context);
  if (!loaded.ok) return loaded;
  const refusal = refuse(found.value.state, {
    host: hostname(),
    fingerprint: loaded.value.fingerprint,
  });
  const lacks = !isUnfinished(found.value.state) && (await lacksRecord(found.value, logFolder));
  if (lacks) return renderMissingRecord(found.value, { logFolder, context });
  if (refusal !== undefined) return fail(refusal);
  const attached = await attachTo({ run: found.value, logFolder, options }, context);
  if (!attached.ok) return attached;
  if (attached.value !== 'free') return succeed(attached.value);
  const given = { operands: { run: start.runId }, options };
  return runApart({ command: 'resume', given, whenAlone: 'waits', context }, (own) => {
    const entry = { state: found.value.state, loaded: loaded.value, logFolder, options, byAddress: false };
    return goOn(entry, own);
  });
}

/** In the process that will hold the run. */
function goOn(
  entry: Parameters<typeof enterRun>[0] & { readonly options: ResumeRequest['options'] },
  context: TerminalContext & Pick<CommandContext, 'folder'>,
): Promise<Outcome<number>> {
  const { state, logFolder, options } = entry;
  const { start } = state;
  const { mode } = start;
  return enterRun(entry, context, async ({ world, ready, stillOurs }) => {
    const run = await openRunToWork({ logFolder, runId: start.runId, stillOurs });
    if (!run.ok) return run;
    if (run.value.state.ended !== undefined) return fail(finishedAlready(start.runId));
    const { reading, folder } = run.value;
    const raised = await raiseAgain(ready, world);
    if (!raised.ok) return raised;
    return driveSession({ mode, options, ready, world, folder, reading, start, logFolder }, context);
  });
}

function finishedAlready(runId: string): Failure {
  return {
    code: 'invalid-input',
    message: `Run ${runId} is finished.`,
    remedy: `Read it with \`thaw records show ${runId}\`, or start a new run.`,
    retry: 'never',
  };
}

/** A run goes on only where everything it stands on is as it was. */
function refuse(
  state: RunState,
  now: { readonly host: string; readonly fingerprint: string },
): Failure | undefined {
  const { runId, host, runbook } = state.start;
  if (state.ended !== undefined) {
    return finishedAlready(runId);
  }
  if (state.rolledBack) {
    return {
      code: 'invalid-input',
      message: `Run ${runId} was rolled back: the old database is in place again.`,
      remedy: 'Start a new run.',
      retry: 'never',
    };
  }
  if (state.discarded) {
    return {
      code: 'invalid-input',
      message: `Run ${runId} was discarded: what it had made is gone.`,
      remedy: 'Start a new run.',
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
