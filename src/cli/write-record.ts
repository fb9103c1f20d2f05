import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../adapters/disk/sync-folder.ts';
import { formatDuration } from '../base/units.ts';
import { readJournal } from '../journal/read-journal.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RunFolder } from '../ports/run-folder.ts';
import { drawRecord } from '../record/draw-record.ts';
import type { DrillRecord } from '../record/drill-record.ts';
import { resultWords } from '../record/result-words.ts';
import { anchorHead } from './anchor-head.ts';
import { appendHead } from './heads.ts';
import { recordFiles } from './record-files.ts';

export type WrittenRecord = {
  readonly path: string;
  readonly head: string;
  /** What could not be done to vouch for it, in whole sentences. */
  readonly warnings: readonly string[];
};

/** Draws the record from the journal on disk, so that it cannot say more than the journal does. */
export async function writeRecord(request: {
  readonly folder: RunFolder;
  readonly logFolder: string;
  /** Where the runbook has heads anchored. */
  readonly anchor?: { readonly store: ObjectStore; readonly prefix: string };
}): Promise<WrittenRecord | undefined> {
  const { folder, logFolder, anchor } = request;
  const bytes = await folder.readJournal();
  if (!bytes.ok) return undefined;
  const reading = readJournal(bytes.value);
  if (!reading.ok) return undefined;
  const { entries, head } = reading.value;
  const record = drawRecord(entries, head.hash);
  const last = entries.at(-1);
  if (record === undefined || last === undefined) return undefined;
  const files = [];
  for (const { name, text } of recordFiles(record)) files.push(await folder.writeRecord(name, text));
  if (record.result.state === 'finished') await indexRun(logFolder, record);
  const known = { runId: folder.id, entries: entries.length, head: head.hash };
  const vouched = [await appendHead(logFolder, { ...known, at: last.at })];
  if (anchor !== undefined) {
    const anchored = await anchorHead(anchor, known);
    vouched.push(anchored.ok ? { ok: true, value: undefined } : anchored);
  }
  const warnings = vouched.flatMap((outcome) =>
    outcome.ok ? [] : [`The head is not vouched for: ${outcome.failure.message} ${outcome.failure.remedy}`],
  );
  const [markdown] = files;
  return markdown?.ok && files.every(({ ok }) => ok)
    ? { path: markdown.value, head: record.journal.head, warnings }
    : undefined;
}

const indexHead = `# Restore drills and restores

| date (UTC) | mode | runbook | result | RTO | head | record |
| --- | --- | --- | --- | --- | --- | --- |
`;

/** The dated index: one line a finished run, newest last. What is added to a record later changes its own line. */
async function indexRun(logFolder: string, record: DrillRecord): Promise<void> {
  const path = join(logFolder, 'backup-drills.md');
  const before = await readFile(path, 'utf8').catch(() => indexHead);
  const { window, mode, runbook, rto, runId, journal } = record;
  const time =
    rto.actualMs === undefined ? '-' : `${formatDuration(rto.actualMs)} of ${formatDuration(rto.targetMs)}`;
  const started = window.startedAt.slice(0, 16).replace('T', ' ');
  const line = `| ${started} | ${mode.toUpperCase()} | ${runbook.name} | ${resultWords(record)} | ${time} | ${journal.head.slice(0, 12)} | [${runId}](${runId}/record.md) |`;
  const lines = before.trimEnd().split('\n');
  const own = lines.findIndex((known) => known.includes(`(${runId}/record.md)`));
  const after = own === -1 ? [...lines, line] : lines.with(own, line);
  await replaceFile(path, `${after.join('\n')}\n`);
}
