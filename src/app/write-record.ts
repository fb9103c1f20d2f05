import { join } from 'node:path';
import { cleanJson } from '../base/clean-text.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { readJournal } from '../journal/read-journal.ts';
import type { RunFolder } from '../ports/run-folder.ts';
import type { DrillRecord } from '../record/record-schema.ts';
import { renderRecord } from '../record/render-record.ts';
import { toHtml } from '../record/to-html.ts';
import { toMarkdown } from '../record/to-markdown.ts';
import { type AnchorPlace, anchorHead } from './anchors.ts';
import { appendHead } from './chain-heads.ts';
import { indexRun } from './index-run.ts';
import type { RecordFormat } from './options.ts';

export type WrittenRecord = {
  readonly path: string;
  readonly head: string;
  /** What could not be put into the backup store to vouch for it, in whole sentences. */
  readonly warnings: readonly string[];
};

/**
 * Renders the record from the journal on disk, so that it cannot say more than the journal does, and writes down its head and its line
 * in the index. Fails when any of these cannot be written: what is missing then would later look as if somebody had taken it away.
 */
export async function writeRecord(request: {
  readonly folder: RunFolder;
  readonly logFolder: string;
  /** Where the runbook has heads anchored. */
  readonly anchor?: AnchorPlace;
}): Promise<Outcome<WrittenRecord>> {
  const { folder, logFolder, anchor } = request;
  const bytes = await folder.readJournal();
  if (!bytes.ok) return bytes;
  const reading = readJournal(bytes.value);
  if (!reading.ok) return reading;
  const { entries, head } = reading.value;
  const record = renderRecord(entries, head.hash);
  const last = entries.at(-1);
  if (record === undefined || last === undefined) return fail(noFacts(folder));
  const known = { runId: folder.id, entries: entries.length, head: head.hash };
  const written: Outcome<unknown>[] = [];
  for (const { name, text } of recordFiles(record)) written.push(await folder.writeRecord(name, text));
  written.push(await appendHead(logFolder, { ...known, at: last.at }));
  if (record.result.state === 'finished') written.push(await indexRun(logFolder, record));
  const failures = written.flatMap((outcome) => (outcome.ok ? [] : [outcome.failure]));
  const anchored = anchor === undefined ? succeed('') : await anchorHead(anchor, known);
  if (failures.length > 0) return fail(notWhole(folder, failures));
  const warnings = anchored.ok
    ? []
    : [`The head is not in the backup store: ${anchored.failure.message} ${anchored.failure.remedy}`];
  return succeed({ path: join(folder.path, 'record.md'), head: record.journal.head, warnings });
}

function notWhole({ id, path }: RunFolder, failures: readonly Failure[]): Failure {
  const [first] = failures;
  return {
    code: first?.code ?? 'command-failed',
    message: `The record of ${id} is not written whole. ${failures.map(({ message }) => message).join(' ')}`,
    remedy: `${first?.remedy ?? ''} Its facts are safe in ${join(path, 'journal.jsonl')}; \`thaw resume ${id}\` writes the record from them.`,
    retry: 'after-fix',
  };
}

function noFacts({ id, path }: RunFolder): Failure {
  return {
    code: 'journal-damaged',
    message: `The record of ${id} cannot be written: ${join(path, 'journal.jsonl')} holds no facts.`,
    remedy: 'Find out who took them, and look for a copy of the folder.',
    retry: 'after-fix',
  };
}

function recordJson(record: DrillRecord): string {
  return cleanJson(`${JSON.stringify(record, null, 2)}\n`);
}

export function recordAs(record: DrillRecord, format: RecordFormat): string {
  switch (format) {
    case 'md':
      return toMarkdown(record);
    case 'html':
      return toHtml(record);
    case 'json':
      return recordJson(record);
  }
}

/** The three files of a run folder. Rendered again from the journal they must come out byte by byte the same. */
export function recordFiles(
  record: DrillRecord,
): readonly { readonly name: string; readonly text: string }[] {
  return (['md', 'html', 'json'] as const).map((format) => ({
    name: `record.${format}`,
    text: recordAs(record, format),
  }));
}
