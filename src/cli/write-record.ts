import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration } from '../base/units.ts';
import { readJournal } from '../journal/read-journal.ts';
import type { RunFolder } from '../ports/run-folder.ts';
import { drawRecord } from '../record/draw-record.ts';
import type { DrillRecord } from '../record/drill-record.ts';
import { resultWords } from '../record/result-words.ts';
import { toMarkdown } from '../record/to-markdown.ts';

/** Draws the record from the journal on disk, so that it cannot say more than the journal does. */
export async function writeRecord(request: {
  readonly folder: RunFolder;
  readonly logFolder: string;
}): Promise<{ readonly path: string; readonly head: string } | undefined> {
  const { folder, logFolder } = request;
  const bytes = await folder.readJournal();
  if (!bytes.ok) return undefined;
  const reading = readJournal(bytes.value);
  if (!reading.ok) return undefined;
  const record = drawRecord(reading.value.entries, reading.value.head.hash);
  if (record === undefined) return undefined;
  const markdown = await folder.writeRecord('record.md', toMarkdown(record));
  const json = await folder.writeRecord('record.json', recordJson(record));
  if (record.result.state === 'finished') await indexRun(logFolder, record);
  return markdown.ok && json.ok ? { path: markdown.value, head: record.journal.head } : undefined;
}

export function recordJson(record: DrillRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

const indexHead = `# Restore drills and restores

| date (UTC) | mode | runbook | result | RTO | record |
| --- | --- | --- | --- | --- | --- |
`;

/** The dated index: one line a finished run, newest last. */
async function indexRun(logFolder: string, record: DrillRecord): Promise<void> {
  const path = join(logFolder, 'backup-drills.md');
  const before = await readFile(path, 'utf8').catch(() => indexHead);
  const { window, mode, runbook, rto, runId } = record;
  const time =
    rto.actualMs === undefined ? '-' : `${formatDuration(rto.actualMs)} of ${formatDuration(rto.targetMs)}`;
  const line = `| ${window.startedAt.slice(0, 16).replace('T', ' ')} | ${mode.toUpperCase()} | ${runbook.name} | ${resultWords(record)} | ${time} | [${runId}](${runId}/record.md) |\n`;
  if (!before.includes(`(${runId}/record.md)`)) await writeFile(path, before + line);
}
