import { resolve } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { Mode } from '../../base/mode.ts';
import { drawRecord } from '../../record/draw-record.ts';
import { redactRecord } from '../../record/redact-record.ts';
import { resultWords } from '../../record/result-words.ts';
import type { Options } from '../arguments.ts';
import { exitStatus } from '../exit-status.ts';
import { recordAs } from '../record-files.ts';
import { findRun, type LoggedRun, listRunIds, openRun } from '../run-log.ts';
import { printLine, type Surroundings } from '../surroundings.ts';
import { damagedRecord } from '../verify-record.ts';
import { noteRecord } from './note-record.ts';
import { signRecord } from './sign-record.ts';
import { trend } from './trend.ts';
import { verify } from './verify-records.ts';

type RecordsRequest = { readonly operands: readonly string[]; readonly options: Options };

export async function records(
  { operands, options }: RecordsRequest,
  surroundings: Surroundings,
): Promise<Outcome<number>> {
  const [action = '', named, text] = operands;
  const logFolder = resolve(surroundings.folder, options.logFolder);
  if (action === 'list' && named === undefined) return list({ logFolder, json: options.json }, surroundings);
  const wantsTrend = action === 'trend' || (action === 'list' && options.record.trend);
  if (wantsTrend && named !== undefined) return trend({ name: named, logFolder, options }, surroundings);
  const works = ['show', 'verify', 'export', 'note', 'sign'].includes(action);
  if (!works || (action === 'note') !== (text !== undefined)) return wrongAction(action);
  const run = await findRun({ logFolder, named, fits: () => true, what: 'run' });
  if (!run.ok) return run;
  const request = { run: run.value, logFolder, options };
  switch (action) {
    case 'verify':
      return verify(request, surroundings);
    case 'sign':
      return signRecord(request, surroundings);
    case 'note':
      return noteRecord({ ...request, text: text ?? '' }, surroundings);
    default:
      return show(
        { ...request, format: action === 'show' && options.json ? 'json' : undefined },
        surroundings,
      );
  }
}

function wrongAction(action: string) {
  return fail({
    code: 'invalid-input',
    message: `There is no thaw records ${action} with these operands.`,
    remedy: 'Use list, show RUN, verify RUN, export RUN, trend RUNBOOK, note RUN TEXT or sign RUN.',
    retry: 'after-fix',
  });
}

async function list(
  request: { readonly logFolder: string; readonly json: boolean },
  surroundings: Surroundings,
): Promise<Outcome<number>> {
  let damaged = 0;
  if (request.json) printLine(surroundings, JSON.stringify({ type: 'thaw', version: 1, command: 'records' }));
  for (const runId of await listRunIds(request.logFolder)) {
    const run = await openRun({ logFolder: request.logFolder, runId });
    if (!run.ok && run.failure.code === 'journal-damaged') damaged += 1;
    const record = run.ok ? drawRecord(run.value.reading.entries, run.value.reading.head.hash) : undefined;
    const result = record === undefined ? (run.ok ? 'empty' : run.failure.message) : resultWords(record);
    if (!request.json) printLine(surroundings, `${runId}  ${result}`);
    else printLine(surroundings, JSON.stringify({ type: 'record', runId, result, ...numbers(record) }));
  }
  return succeed(damaged === 0 ? exitStatus.verified : exitStatus.damaged);
}

function numbers(record: ReturnType<typeof drawRecord>): {
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
  surroundings: Surroundings,
): Outcome<number> {
  const { run, options, format = options.record.format } = request;
  const record = drawRecord(run.reading.entries, run.reading.head.hash);
  if (record === undefined) return fail(damagedRecord(run.folder.id, 'it has no facts'));
  surroundings.stdout.write(recordAs(options.record.redact ? redactRecord(record) : record, format));
  return succeed(exitStatus.verified);
}
