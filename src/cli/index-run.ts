import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../adapters/disk/sync-folder.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { formatDuration } from '../base/units.ts';
import type { DrillRecord } from '../record/drill-record.ts';
import { resultWords } from '../record/result-words.ts';
import { takeLockSoon } from './take-lock-soon.ts';

const indexName = 'backup-drills.md';

const indexHead = `# Restore drills and restores

| date (UTC) | mode | runbook | result | RTO | head | record |
| --- | --- | --- | --- | --- | --- | --- |
`;

/** The dated index: one line a finished run, newest last. What is added to a record later changes its own line. */
export async function indexRun(logFolder: string, record: DrillRecord): Promise<Outcome<void>> {
  const lock = await takeLockSoon(join(logFolder, '.locks', 'index'));
  if (!lock.ok) return lock;
  const path = join(logFolder, indexName);
  try {
    await replaceLine(path, record);
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${path}`, error }));
  } finally {
    await lock.value.release();
  }
}

async function replaceLine(path: string, record: DrillRecord): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => indexHead);
  const { runId } = record;
  const line = indexLine(record);
  const lines = before.trimEnd().split('\n');
  const own = lines.findIndex((known) => known.includes(`(${runId}/record.md)`));
  const after = own === -1 ? [...lines, line] : lines.with(own, line);
  await replaceFile(path, `${after.join('\n')}\n`);
}

function indexLine(record: DrillRecord): string {
  const { window, mode, runbook, rto, runId, journal } = record;
  const time =
    rto.actualMs === undefined ? '-' : `${formatDuration(rto.actualMs)} of ${formatDuration(rto.targetMs)}`;
  const started = window.startedAt.slice(0, 16).replace('T', ' ');
  return `| ${started} | ${mode.toUpperCase()} | ${runbook.name} | ${resultWords(record)} | ${time} | ${journal.head.slice(0, 12)} | [${runId}](${runId}/record.md) |`;
}

/** The index is a page for people and may be edited; where its line for a run is another one, that is worth a sentence. */
export async function judgeIndex(logFolder: string, record: DrillRecord): Promise<readonly string[]> {
  if (record.result.state !== 'finished') return [];
  const text = await readFile(join(logFolder, indexName), 'utf8').catch(() => undefined);
  if (text === undefined) return [`There is no ${indexName} beside it.`];
  return text.split('\n').includes(indexLine(record))
    ? []
    : [`${indexName} says something else of this run.`];
}
