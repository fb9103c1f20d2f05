import { readJournal } from '../journal/read-journal.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RunFolder } from '../ports/run-folder.ts';
import { drawRecord } from '../record/draw-record.ts';
import { anchorHead } from './anchor-head.ts';
import { appendHead } from './heads.ts';
import { indexRun } from './index-run.ts';
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
  const known = { runId: folder.id, entries: entries.length, head: head.hash };
  const vouched = [await appendHead(logFolder, { ...known, at: last.at })];
  if (record.result.state === 'finished') vouched.push(await indexRun(logFolder, record));
  if (anchor !== undefined) {
    const anchored = await anchorHead(anchor, known);
    vouched.push(anchored.ok ? { ok: true, value: undefined } : anchored);
  }
  const warnings = vouched.flatMap((outcome) =>
    outcome.ok
      ? []
      : [
          `Not all that vouches for the record could be written: ${outcome.failure.message} ${outcome.failure.remedy}`,
        ],
  );
  const [markdown] = files;
  return markdown?.ok && files.every(({ ok }) => ok)
    ? { path: markdown.value, head: record.journal.head, warnings }
    : undefined;
}
