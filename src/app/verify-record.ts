import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { genesisHash, sha256 } from '../base/digest.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { errorCode } from '../base/thrown.ts';
import type { JournalEntry } from '../journal/entry.ts';
import type { JournalReading } from '../journal/read-journal.ts';
import { entriesOfKind } from '../record/entries-of-kind.ts';
import type { DrillRecord } from '../record/record-schema.ts';
import { renderRecord } from '../record/render-record.ts';
import type { Anchor } from './anchors.ts';
import {
  contradiction,
  type Finding,
  type Head,
  missing,
  readChainHeads,
  renderable,
} from './chain-heads.ts';
import { indexedRuns, judgeIndex } from './index-run.ts';
import { type LoggedRun, listRunIds, openRun } from './run-log.ts';
import { signatureFolder, signedText, signedTextName } from './signatures.ts';
import { recordFiles } from './write-record.ts';

type Verified = {
  readonly record: DrillRecord;
  /** What vouches for the end of the journal. */
  readonly lines: readonly string[];
  /** Empty only where everything that should be compared was there and said the same. */
  readonly findings: readonly Finding[];
};

/** The chain was recomputed while reading; now its end, the outputs it vouches for, and every file rendered from it. */
export async function verifyRecord(run: LoggedRun, logFolder: string): Promise<Outcome<Verified>> {
  const { folder, reading } = run;
  const record = renderRecord(reading.entries, reading.head.hash);
  if (record === undefined) return fail(damagedRecord(folder.id, 'it has no facts'));
  const heads = await readChainHeads(logFolder);
  if (!heads.ok && heads.failure.code !== 'journal-damaged') return heads;
  const isOver = record.result.state !== 'open';
  const vouched = vouchedFiles(reading, record);
  const earlier = once(() => renderEarlier(reading));
  try {
    const findings = [
      ...(record.runId === folder.id ? [] : [contradiction(`it is the journal of ${record.runId}`)]),
      ...(isOver
        ? []
        : [missing(`it has no end: after entry ${record.journal.entries} its run still went on`)]),
      ...(isOver && reading.tornBytes > 0 ? [torn(reading)] : []),
      ...(heads.ok ? judgeEnd(run, { heads: heads.value, isOver }) : [contradiction(heads.failure.message)]),
      ...(isOver ? await judgeFiles({ path: folder.path, vouched, earlier }) : []),
      ...(isOver ? await judgeIndex(logFolder, { record, earlier }) : []),
      ...(await judgeLogFolder(logFolder, heads.ok ? heads.value : undefined)),
    ];
    const own = heads.ok ? (heads.value ?? []).filter(({ runId }) => runId === folder.id) : [];
    const ends =
      own.at(-1)?.head === reading.head.hash
        ? [`chain-heads.jsonl knows this end of the journal, and ${own.length - 1} earlier ones.`]
        : [];
    return succeed({ record, findings, lines: [...ends, ...(await unvouchedFiles(run, vouched))] });
  } catch (error) {
    return fail(describeFileFailure({ doing: `read what belongs to ${folder.id}`, error }));
  }
}

/** Somebody, or the machine, ended thaw while it wrote down what came after the end: a roll-back, a note, a signature. */
function torn({ entries }: JournalReading): Finding {
  return renderable(`after entry ${entries.length} a line was begun and never finished`);
}

/** A chain cannot show that its own end was cut off; the log folder knows where it ended. */
function judgeEnd(
  { folder, reading }: LoggedRun,
  { heads, isOver }: { readonly heads: readonly Head[] | undefined; readonly isOver: boolean },
): readonly Finding[] {
  if (heads === undefined)
    return [
      renderable(
        'there is no chain-heads.jsonl, so nothing outside its folder vouches for the end of the journal',
      ),
    ];
  const own = heads.filter(({ runId }) => runId === folder.id);
  const changed = own.find((known) => headAt(reading, known.entries) !== known.head);
  if (changed !== undefined) {
    const { entries, head, at } = changed;
    const now = `now it has ${reading.entries.length} and another head there`;
    return [contradiction(`it had ${entries} entries and the head ${head} at ${at}; ${now}`)];
  }
  const later = reading.entries.length - (own.at(-1)?.entries ?? 0);
  if (!isOver || later === 0) return [];
  return [
    renderable(
      own.length === 0
        ? 'chain-heads.jsonl does not know it'
        : `${later} entries came after the last end that chain-heads.jsonl knows`,
    ),
  ];
}

/** A record that was left behind by a full disk is older than its journal; a record that was changed is of no time. */
async function judgeFiles(of: {
  readonly path: string;
  readonly vouched: ReadonlyMap<string, string>;
  readonly earlier: () => readonly DrillRecord[];
}): Promise<readonly Finding[]> {
  const { path, vouched, earlier } = of;
  const findings: Finding[] = [];
  for (const [name, sha256] of vouched) {
    const isRendered = !name.includes('/');
    const found = await readOrNothing(join(path, name));
    if (found === undefined) findings.push((isRendered ? renderable : missing)(`${name} is not there`));
    else if (digest(found) !== sha256) {
      const old = isRendered && earlier().some((record) => textOf(record, name) === found.toString('utf8'));
      findings.push(
        old
          ? renderable(`${name} is older than the end of the journal`)
          : contradiction(`${name} is not what the journal says`),
      );
    }
  }
  return findings;
}

function textOf(record: DrillRecord, name: string): string | undefined {
  return recordFiles(record).find((file) => file.name === name)?.text;
}

const renderedAfter: ReadonlySet<JournalEntry['kind']> = new Set([
  ...(['run-stopped', 'run-finished', 'rolled-back', 'run-discarded', 'note-added', 'signed-off'] as const),
]);

/** The record as it was whenever the run had come to an end or a stop before. */
function renderEarlier({ entries, hashes }: JournalReading): readonly DrillRecord[] {
  return entries.flatMap(({ kind }, index) => {
    if (!renderedAfter.has(kind) || index === entries.length - 1) return [];
    return renderRecord(entries.slice(0, index + 1), hashes[index] ?? '') ?? [];
  });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

async function readOrNothing(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The hash of one entry is the `prev` of the next. */
export function headAt(reading: JournalReading, entries: number): string | undefined {
  if (entries === 0) return genesisHash;
  return reading.hashes[entries - 1];
}

export function verifyAnchors(
  run: LoggedRun,
  { anchors, place }: { readonly anchors: readonly Anchor[]; readonly place: string },
): Outcome<string> {
  const { folder, reading } = run;
  const last = anchors.at(-1);
  if (last === undefined) return fail(damagedRecord(folder.id, `there is no anchor of it in ${place}`));
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
    `${anchors.length} anchors in the backup store agree, the last over ${last.entries} entries (${place}).`,
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
async function unvouchedFiles(
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
  return sha256(content);
}

export function damagedRecord(runId: string, why: string): Failure {
  return {
    code: 'journal-damaged',
    message: `The record of ${runId} cannot be vouched for: ${why}.`,
    remedy: 'Keep the folder as it is for the inquiry.',
    retry: 'never',
  };
}

/** Every finding in one failure: what contradicts goes before what is only missing. undefined where there is none. */
export function sayFindings(runId: string, findings: readonly Finding[]): Failure | undefined {
  if (findings.length === 0) return undefined;
  const all = findings
    .toSorted((a, b) => a.kind.localeCompare(b.kind))
    .map(({ text }) => text)
    .join('; ');
  if (findings.some(({ kind }) => kind === 'contradiction')) return damagedRecord(runId, all);
  return {
    code: 'not-verified',
    message: `The record of ${runId} could not be verified, since not everything is there: ${all}.`,
    remedy: findings.every((one) => one.renderable === true)
      ? `\`thaw resume ${runId}\` writes what is missing from the journal, where nobody is known to have taken it away.`
      : `Find out who took it away, and look for a copy; what only was not written, \`thaw resume ${runId}\` writes.`,
    retry: 'after-fix',
  };
}

/** Runs that the heads or the index know and the folder does not, and runs that ended and the heads do not know. */
export async function judgeLogFolder(
  logFolder: string,
  heads: readonly Head[] | undefined,
): Promise<readonly Finding[]> {
  const ids = await listRunIds(logFolder);
  if (!ids.ok) return [missing(ids.failure.message)];
  const there = new Set(ids.value);
  const known = new Set(heads?.map(({ runId }) => runId));
  const indexed = new Set(await indexedRuns(logFolder));
  const vanished = [...new Set([...known, ...indexed])].filter((runId) => !there.has(runId));
  const findings = vanished.map((runId) => {
    const by = [
      ...(known.has(runId) ? ['chain-heads.jsonl'] : []),
      ...(indexed.has(runId) ? ['the index'] : []),
    ];
    return missing(
      `run ${runId} is not in the folder, and ${by.join(' and ')} ${by.length > 1 ? 'know' : 'knows'} it`,
    );
  });
  if (heads === undefined) return findings;
  for (const runId of there) {
    if (known.has(runId)) continue;
    const run = await openRun({ logFolder, runId });
    // What never began, or never ended, has no head yet; a damaged journal is told wherever that run is looked at.
    if (!run.ok || (run.value.state.ended === undefined && run.value.state.stopped === undefined)) continue;
    findings.push(missing(`chain-heads.jsonl does not know how run ${runId} ended`));
  }
  return findings;
}
