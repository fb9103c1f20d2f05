import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { genesisHash } from '../journal/journal-line.ts';
import type { JournalReading } from '../journal/read-journal.ts';
import { drawRecord } from '../record/draw-record.ts';
import type { DrillRecord } from '../record/drill-record.ts';
import { entriesOfKind } from '../record/entries-of-kind.ts';
import type { Anchor } from './anchor-head.ts';
import { readHeads } from './heads.ts';
import { recordFiles } from './record-files.ts';
import type { LoggedRun } from './run-log.ts';
import { signatureFolder } from './signatures.ts';

export type Verified = {
  readonly record: DrillRecord;
  /** What vouches for the end of the journal, or says that nothing does. */
  readonly lines: readonly string[];
};

/** The chain was recomputed while reading; now its end, the outputs it vouches for, and every file drawn from it. */
export async function verifyRecord(run: LoggedRun, logFolder: string): Promise<Outcome<Verified>> {
  const { folder, reading } = run;
  const record = drawRecord(reading.entries, reading.head.hash);
  if (record === undefined) return fail(damagedRecord(folder.id, 'it has no facts'));
  if (record.result.state === 'open' || reading.tornBytes > 0) {
    const why = `it ends without an end: entry ${record.journal.entries} is not the last of a run that finished or stopped`;
    return fail(damagedRecord(folder.id, why));
  }
  if (record.runId !== folder.id)
    return fail(damagedRecord(folder.id, `it is the journal of ${record.runId}`));
  const end = await verifyEnd(run, logFolder);
  if (!end.ok) return end;
  const outputs = await verifyOutputs(run, record);
  if (!outputs.ok) return outputs;
  for (const { name, text } of recordFiles(record)) {
    const written = await readFile(join(folder.path, name)).catch(() => undefined);
    // Compared as bytes: a byte that is no UTF-8 would read as the sign that stands for such bytes.
    if (written === undefined || !written.equals(Buffer.from(text)))
      return fail(damagedRecord(folder.id, `${name} is not what the journal says`));
  }
  return succeed({ record, lines: [...end.value, ...(await strangers(run, record))] });
}

/** A chain cannot show that its own end was cut off; the log folder knows where it ended. */
async function verifyEnd(run: LoggedRun, logFolder: string): Promise<Outcome<readonly string[]>> {
  const { folder, reading } = run;
  const heads = await readHeads(logFolder);
  if (!heads.ok) return heads;
  if (heads.value === undefined)
    return succeed([
      'There is no heads.jsonl: nothing outside this folder vouches for the end of the journal.',
    ]);
  const own = heads.value.filter(({ runId }) => runId === folder.id);
  const last = own.at(-1);
  if (last === undefined) return fail(damagedRecord(folder.id, 'heads.jsonl does not know it'));
  for (const known of own) {
    if (headAt(reading, known.entries) === known.head) continue;
    const why = `it had ${known.entries} entries and the head ${known.head} at ${known.at}; now it has ${reading.entries.length} and another head there`;
    return fail(damagedRecord(folder.id, why));
  }
  if (last.entries !== reading.entries.length) {
    const why = `${reading.entries.length - last.entries} entries came after the last known end, entry ${last.entries}`;
    return fail(damagedRecord(folder.id, why));
  }
  return succeed([`heads.jsonl knows this end of the journal, and ${own.length - 1} earlier ones.`]);
}

/** The hash of one entry is the `prev` of the next. */
export function headAt(reading: JournalReading, entries: number): string | undefined {
  if (entries === 0) return genesisHash;
  return reading.hashes[entries - 1];
}

export function verifyAnchors(run: LoggedRun, anchors: readonly Anchor[]): Outcome<string> {
  const { folder, reading } = run;
  const last = anchors.at(-1);
  if (last === undefined) return fail(damagedRecord(folder.id, 'the backup store holds no anchor of it'));
  for (const { entries, head } of anchors) {
    if (headAt(reading, entries) !== head)
      return fail(
        damagedRecord(folder.id, `the backup store knows another head after entry ${entries}: ${head}`),
      );
  }
  const later = reading.entries.slice(last.entries);
  const own = later.every(({ kind }) => kind === 'note-added' || kind === 'signed-off');
  if (!own)
    return fail(damagedRecord(folder.id, `it went on after entry ${last.entries}, the last one anchored`));
  return succeed(
    `${anchors.length} anchors in the backup store agree, the last over ${last.entries} entries.`,
  );
}

async function verifyOutputs({ folder }: LoggedRun, record: DrillRecord): Promise<Outcome<void>> {
  const outputs = await folder.outputDigests();
  if (!outputs.ok) return outputs;
  const found = new Map(outputs.value.map((output) => [output.name, output.sha256]));
  for (const output of record.outputs) {
    if (found.get(output.name) !== output.sha256)
      return fail(damagedRecord(folder.id, `output/${output.name} is not what the journal vouches for`));
  }
  return succeed(undefined);
}

/** Files that nothing vouches for are no damage, but nobody shall take them for evidence. */
async function strangers({ folder, reading }: LoggedRun, record: DrillRecord): Promise<readonly string[]> {
  const signed = entriesOfKind(reading.entries, 'signed-off').map(({ signature }) => signature.name);
  const known = new Set([
    'journal.jsonl',
    ...recordFiles(record).map(({ name }) => name),
    ...record.outputs.map(({ name }) => join('output', name)),
    ...signed.flatMap((name) => [
      join(signatureFolder, name),
      join(signatureFolder, name.replace(/\.sig$/, '')),
    ]),
  ]);
  const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.path.length + 1))
    .filter((name) => !known.has(name))
    .sort();
  return names.map((name) => `${name} is in the folder, and nothing vouches for it.`);
}

export function damagedRecord(runId: string, why: string): Failure {
  return {
    code: 'journal-damaged',
    message: `The record of ${runId} cannot be vouched for: ${why}.`,
    remedy: 'Keep the folder as it is for the inquiry.',
    retry: 'never',
  };
}
