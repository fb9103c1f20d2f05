import { resolve } from 'node:path';
import type { Options } from '../app/arguments.ts';
import { type CommandContext, printLine } from '../app/command-context.ts';
import type { CommandName } from '../app/command-table.ts';
import { exitStatus } from '../app/exit-status.ts';
import { findRun, type LoggedRun, listRunIds, openRun } from '../app/run-log.ts';
import { damagedRecord } from '../app/verify-record.ts';
import { recordAs } from '../app/write-record.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import { redactRecord } from '../record/redact-record.ts';
import { renderRecord } from '../record/render-record.ts';
import { resultWords } from '../record/result-words.ts';
import { noteRecord } from './note-record.ts';
import { signRecord } from './sign-record.ts';
import { trend } from './trend.ts';
import { verify, verifyVanished } from './verify-records.ts';

type RecordsRequest = {
  readonly action: `records ${string}` & CommandName;
  readonly operands: readonly string[];
  readonly options: Options;
};

export async function records(
  { action, operands, options }: RecordsRequest,
  context: CommandContext,
): Promise<Outcome<number>> {
  const [named, text = ''] = operands;
  const logFolder = resolve(context.folder, options.logFolder);
  if (action === 'records trend' || options.record.trend) {
    if (named === undefined) return fail(whoseTrend());
    return trend({ name: named, logFolder, options }, context);
  }
  if (action === 'records list') {
    return named === undefined ? list({ logFolder, json: options.json }, context) : fail(listOfOne(named));
  }
  const run = await findRun({ logFolder, named, fits: () => true, what: 'run' });
  if (!run.ok) {
    const isGone = action === 'records verify' && run.failure.code === 'invalid-input';
    return isGone ? verifyVanished(run.failure, logFolder) : run;
  }
  const request = { run: run.value, logFolder, options };
  switch (action) {
    case 'records verify':
      return verify(request, context);
    case 'records sign':
      return signRecord(request, context);
    case 'records note':
      return noteRecord({ ...request, text }, context);
    case 'records show':
    case 'records export':
      return show({ ...request, format: options.json ? 'json' : undefined }, context);
  }
}

function whoseTrend() {
  return {
    code: 'invalid-input',
    message: 'A trend is of one runbook.',
    remedy: 'Name it: thaw records trend RUNBOOK.',
    retry: 'after-fix',
  } as const;
}

function listOfOne(named: string) {
  return {
    code: 'invalid-input',
    message: `thaw records list lists every run; ${named} stands behind it.`,
    remedy: `Leave it out, or write thaw records trend ${named}.`,
    retry: 'after-fix',
  } as const;
}

async function list(
  request: { readonly logFolder: string; readonly json: boolean },
  context: CommandContext,
): Promise<Outcome<number>> {
  let damaged = 0;
  if (request.json) printLine(context, JSON.stringify({ type: 'thaw', version: 1, command: 'records' }));
  for (const runId of await listRunIds(request.logFolder)) {
    const run = await openRun({ logFolder: request.logFolder, runId });
    if (!run.ok && run.failure.code === 'journal-damaged') damaged += 1;
    const record = run.ok ? renderRecord(run.value.reading.entries, run.value.reading.head.hash) : undefined;
    const result = record === undefined ? (run.ok ? 'empty' : run.failure.message) : resultWords(record);
    if (!request.json) printLine(context, `${runId}  ${result}`);
    else printLine(context, JSON.stringify({ type: 'record', runId, result, ...numbers(record) }));
  }
  return succeed(damaged === 0 ? exitStatus.verified : exitStatus.damaged);
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

/** `show` and `export` print the same; only the form and the masking differ. */
function show(
  request: { readonly run: LoggedRun; readonly options: Options; readonly format: 'json' | undefined },
  context: CommandContext,
): Outcome<number> {
  const { run, options, format = options.record.format } = request;
  const record = renderRecord(run.reading.entries, run.reading.head.hash);
  if (record === undefined) return fail(damagedRecord(run.folder.id, 'it has no facts'));
  context.stdout.write(recordAs(options.record.redact ? redactRecord(record) : record, format));
  return succeed(exitStatus.verified);
}
