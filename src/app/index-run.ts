import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { errorCode } from '../base/thrown.ts';
import { formatDuration } from '../base/units.ts';
import { replaceFile } from '../platform/durable-files.ts';
import { escapeMarkdown } from '../record/escape-markdown.ts';
import type { DrillRecord } from '../record/record-schema.ts';
import { resultWords } from '../record/result-words.ts';
import { contradiction, type Finding, renderable } from './chain-heads.ts';
import { takeLockSoon } from './run-locks.ts';

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
    await replaceLine(logFolder, record);
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${path}`, error }));
  } finally {
    await lock.value.release();
  }
}

async function replaceLine(logFolder: string, record: DrillRecord): Promise<void> {
  const before = (await readIndex(logFolder)) ?? indexHead;
  const { runId } = record;
  const line = indexLine(record);
  const lines = before.trimEnd().split('\n');
  const own = lines.findIndex((known) => known.includes(placeOf(runId)));
  const after = own === -1 ? [...lines, line] : lines.with(own, line);
  // Under the lock of the index.
  const content = `${after.join('\n')}\n`;
  await replaceFile({ path: join(logFolder, indexName), content, mode: 0o600, alone: true });
}

function indexLine(record: DrillRecord): string {
  const { window, mode, runbook, rto, runId, journal } = record;
  const time =
    rto.notReached !== undefined
      ? `not reached, ${formatDuration(rto.notReached.spentMs)} spent`
      : rto.actualMs === undefined
        ? '-'
        : `${formatDuration(rto.actualMs)} of ${formatDuration(rto.targetMs)}`;
  const started = window.startedAt.slice(0, 16).replace('T', ' ');
  return `| ${started} | ${mode.toUpperCase()} | ${runbook.name} | ${escapeMarkdown(resultWords(record))} | ${time} | ${journal.head.slice(0, 12)} | [${runId}](${runId}/record.md) |`;
}

/** @param earlier the record as it was at former ends of the run: a line from then was left behind, not changed. */
export async function judgeIndex(
  logFolder: string,
  { record, earlier }: { readonly record: DrillRecord; readonly earlier: () => readonly DrillRecord[] },
): Promise<readonly Finding[]> {
  if (record.result.state !== 'finished') return [];
  const text = await readIndex(logFolder);
  if (text === undefined) return [renderable(`there is no ${indexName}`)];
  const own = text.split('\n').filter((line) => line.includes(placeOf(record.runId)));
  if (own.length === 0) return [renderable(`${indexName} has no line of this run`)];
  if (own.every((line) => line === indexLine(record))) return [];
  const older = new Set(earlier().map(indexLine));
  return own.every((line) => line === indexLine(record) || older.has(line))
    ? [renderable(`the line of this run in ${indexName} is older than the end of its journal`)]
    : [contradiction(`${indexName} says something else of this run`)];
}

/** Ids of all runs that have a line. */
export async function indexedRuns(logFolder: string): Promise<readonly string[]> {
  const text = (await readIndex(logFolder)) ?? '';
  return [...text.matchAll(/\]\(([^()\s]+)\/record\.md\) \|$/gm)].flatMap(([, runId]) => runId ?? []);
}

function placeOf(runId: string): string {
  return `(${runId}/record.md)`;
}

async function readIndex(logFolder: string): Promise<string | undefined> {
  try {
    return await readFile(join(logFolder, indexName), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
