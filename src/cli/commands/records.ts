import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { drawRecord } from '../../record/draw-record.ts';
import { resultWords } from '../../record/result-words.ts';
import { toMarkdown } from '../../record/to-markdown.ts';
import type { Options } from '../arguments.ts';
import { exitStatus } from '../exit-status.ts';
import { findRun, type LoggedRun, listRunIds, openRun } from '../run-log.ts';
import { printLine, type Surroundings } from '../surroundings.ts';
import { recordJson } from '../write-record.ts';

type RecordsRequest = { readonly operands: readonly string[]; readonly options: Options };

export async function records(
  { operands, options }: RecordsRequest,
  surroundings: Surroundings,
): Promise<Outcome<number>> {
  const [action = '', named] = operands;
  const logFolder = resolve(surroundings.folder, options.logFolder);
  if (action === 'list' && named === undefined) return list({ logFolder, json: options.json }, surroundings);
  if (action !== 'show' && action !== 'verify') {
    return fail({
      code: 'invalid-input',
      message: `There is no thaw records ${action}.`,
      remedy: 'Use list, show RUN or verify RUN.',
      retry: 'after-fix',
    });
  }
  const run = await findRun({ logFolder, named, fits: () => true, what: 'run' });
  if (!run.ok) return run;
  return action === 'show' ? show(run.value, options.json, surroundings) : verify(run.value, surroundings);
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
    if (request.json)
      printLine(
        surroundings,
        JSON.stringify({
          type: 'record',
          runId,
          result,
          ...(record === undefined ? {} : { mode: record.mode, verdict: record.result.verdict }),
        }),
      );
    else printLine(surroundings, `${runId}  ${result}`);
  }
  return succeed(damaged === 0 ? exitStatus.verified : exitStatus.damaged);
}

function show(run: LoggedRun, ...[json, surroundings]: [boolean, Surroundings]): Outcome<number> {
  const record = drawRecord(run.reading.entries, run.reading.head.hash);
  if (record === undefined) return fail(damagedRecord(run.folder.id, 'it has no facts'));
  surroundings.stdout.write(json ? recordJson(record) : toMarkdown(record));
  return succeed(exitStatus.verified);
}

/** The chain has been recomputed while reading; now the outputs it vouches for, and the record drawn from it. */
async function verify(run: LoggedRun, surroundings: Surroundings): Promise<Outcome<number>> {
  const { folder, reading } = run;
  const record = drawRecord(reading.entries, reading.head.hash);
  if (record === undefined) return fail(damagedRecord(folder.id, 'it has no facts'));
  if (record.result.state === 'open' || reading.tornBytes > 0) {
    return fail(
      damagedRecord(
        folder.id,
        `it ends without an end: entry ${record.journal.entries} is not the last of a run that finished or stopped`,
      ),
    );
  }
  const outputs = await folder.outputDigests();
  if (!outputs.ok) return outputs;
  const found = new Map(outputs.value.map((output) => [output.name, output.sha256]));
  for (const output of record.outputs) {
    if (found.get(output.name) !== output.sha256)
      return fail(damagedRecord(folder.id, `output/${output.name} is not what the journal vouches for`));
  }
  for (const [name, expected] of [
    ['record.json', recordJson(record)],
    ['record.md', toMarkdown(record)],
  ] as const) {
    const written = await readFile(join(folder.path, name), 'utf8').catch(() => undefined);
    if (written !== expected) return fail(damagedRecord(folder.id, `${name} is not what the journal says`));
  }
  printLine(
    surroundings,
    `${folder.id}: ${reading.entries.length} entries, ${record.outputs.length} outputs and the record agree.`,
  );
  printLine(surroundings, `head ${reading.head.hash}`);
  printLine(
    surroundings,
    'Compare the head with the one written down when the run ended: a chain alone cannot show that all of it was replaced.',
  );
  return succeed(exitStatus.verified);
}

function damagedRecord(runId: string, why: string) {
  return {
    code: 'journal-damaged' as const,
    message: `The record of ${runId} cannot be vouched for: ${why}.`,
    remedy: 'Keep the folder as it is for the inquiry.',
    retry: 'never' as const,
  };
}
