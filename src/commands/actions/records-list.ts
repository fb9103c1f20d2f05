import { findHolder } from '../../adapters/disk/run-lock.ts';
import { type CommandContext, printJson, printLine } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { runLockPath } from '../../app/run-locks.ts';
import { listRunIds, openRun } from '../../app/run-log.ts';
import { type Failure, type Outcome, succeed } from '../../base/failure.ts';
import type { Mode } from '../../base/mode.ts';
import type { DrillRecord } from '../../record/record-schema.ts';
import { renderRecord } from '../../record/render-record.ts';
import { resultWords } from '../../record/result-words.ts';

/** Every run of the log folder, newest first, and how it ended. */
export async function listRecords(
  request: { readonly logFolder: string; readonly json: boolean },
  context: Pick<CommandContext, 'stdout'>,
): Promise<Outcome<number>> {
  if (request.json) printJson(context, JSON.stringify({ type: 'thaw', version: 1, command: 'records' }));
  const ids = await listRunIds(request.logFolder);
  if (!ids.ok) return ids;
  let unread: number = exitStatus.verified;
  for (const runId of ids.value) {
    const run = await openRun({ logFolder: request.logFolder, runId });
    if (!run.ok) unread = Math.max(unread, statusOfUnread(run.failure));
    const record = run.ok ? renderRecord(run.value.reading.entries, run.value.reading.head.hash) : undefined;
    const result =
      record === undefined ? (run.ok ? 'empty' : run.failure.message) : await wordsOf(record, request);
    if (!request.json) printLine(context, `${runId}  ${result}`);
    else printJson(context, JSON.stringify({ type: 'record', runId, result, ...numbers(record) }));
  }
  return succeed(unread);
}

/** Its terminals may all be gone: then this is where a run that goes on is found. */
async function wordsOf(record: DrillRecord, { logFolder }: { readonly logFolder: string }): Promise<string> {
  const holder =
    record.result.state === 'finished' ? undefined : await findHolder(runLockPath(logFolder, record.runId));
  return holder === undefined
    ? resultWords(record)
    : `UNDER WAY: process ${holder.pid} on ${holder.host} works on it`;
}

/** What never began is nothing amiss. */
function statusOfUnread({ code }: Failure): number {
  if (code === 'not-found') return exitStatus.verified;
  return code === 'journal-damaged' ? exitStatus.damaged : exitStatus.blocked;
}

function numbers(record: ReturnType<typeof renderRecord>): {
  readonly mode?: Mode;
  readonly [name: string]: unknown;
} {
  if (record === undefined) return {};
  const { mode, runbook, window, result, rto, rpo, journal } = record;
  return {
    mode,
    runbook: runbook.name,
    startedAt: window.startedAt,
    state: result.state,
    verdict: result.verdict,
    ...(rto.actualMs === undefined ? {} : { rtoMs: rto.actualMs }),
    ...(rpo.actualMs === undefined ? {} : { rpoMs: rpo.actualMs }),
    head: journal.head,
  };
}
