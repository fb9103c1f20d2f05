import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { genesisHash } from '../journal/journal-line.ts';
import type { JournalReading } from '../journal/read-journal.ts';
import { drawRecord } from '../record/draw-record.ts';
import type { DrillRecord } from '../record/drill-record.ts';
import { entriesOfKind } from '../record/entries-of-kind.ts';
import type { Anchor } from './anchor-head.ts';
import { readHeads } from './heads.ts';
import { judgeIndex } from './index-run.ts';
import { recordFiles } from './record-files.ts';
import type { LoggedRun } from './run-log.ts';
import { signatureFolder, signedText, signedTextName } from './signatures.ts';

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
  const vouched = vouchedFiles(reading, record);
  for (const [name, sha256] of vouched) {
    const found = await readFile(join(folder.path, name)).catch(() => undefined);
    if (found === undefined || digest(found) !== sha256)
      return fail(damagedRecord(folder.id, `${name} is not what the journal says`));
  }
  return succeed({
    record,
    lines: [...end.value, ...(await judgeIndex(logFolder, record)), ...(await strangers(run, vouched))],
  });
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

/** Every file that the journal decides, by its path in the run's folder, with the digest it must have. */
export function vouchedFiles(reading: JournalReading, record: DrillRecord): ReadonlyMap<string, string> {
  const signed = entriesOfKind(reading.entries, 'signed-off').flatMap((entry) => {
    const { name, sha256 } = entry.signature;
    const text = signedText({ ...entry, runId: record.runId });
    return [
      [join(signatureFolder, name), sha256],
      [join(signatureFolder, signedTextName(name)), digest(text)],
    ] as const;
  });
  return new Map([
    ...record.outputs.map(({ name, sha256 }) => [join('output', name), sha256] as const),
    ...recordFiles(record).map(({ name, text }) => [name, digest(text)] as const),
    ...signed,
  ]);
}

/** Files that nothing vouches for are no damage, but nobody shall take them for evidence. */
async function strangers(
  { folder }: LoggedRun,
  vouched: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder.path, join(entry.parentPath, entry.name)))
    .filter((name) => name !== 'journal.jsonl' && !vouched.has(name))
    .sort();
  return names.map((name) => `${name} is in the folder, and nothing vouches for it.`);
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export function damagedRecord(runId: string, why: string): Failure {
  return {
    code: 'journal-damaged',
    message: `The record of ${runId} cannot be vouched for: ${why}.`,
    remedy: 'Keep the folder as it is for the inquiry.',
    retry: 'never',
  };
}
