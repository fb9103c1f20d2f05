import { outgrowsLine } from '../base/digest.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { type JournalEntry, journalVersion } from './entry.ts';
import { firstLink, type Link, readLine } from './journal-line.ts';

export type JournalReading = {
  readonly entries: readonly JournalEntry[];
  readonly head: Link;
  /** The hash of each entry, in order: whatever once vouched for a prefix can be compared with it. */
  readonly hashes: readonly string[];
  /** Length of the whole lines. What follows, up to `tornBytes`, is a line the machine never finished writing. */
  readonly wholeBytes: number;
  readonly tornBytes: number;
};

/** Of a run that is about to begin. */
export const emptyJournal: JournalReading = {
  entries: [],
  head: firstLink,
  hashes: [],
  wholeBytes: 0,
  tornBytes: 0,
};

/**
 * Reads a journal from its bytes. A last line without its newline was torn by a crash: it never was a fact, and is left
 * out. Anything else that does not fit is damage or tampering: `journal-damaged`, naming the first line that diverges.
 */
export function readJournal(bytes: Buffer): Outcome<JournalReading> {
  const wholeBytes = bytes.lastIndexOf(newline) + 1;
  const text = bytes.subarray(0, wholeBytes).toString('utf8');
  const lines = text === '' ? [] : text.slice(0, -1).split('\n');
  const entries: JournalEntry[] = [];
  const hashes: string[] = [];
  let head = firstLink;
  for (const [index, line] of lines.entries()) {
    const reading = readLine(line, head);
    if (reading.kind === 'newer') return newer(reading.journalVersion);
    if (reading.kind === 'broken') return damaged(index + 1, reading.why);
    entries.push(reading.entry);
    head = reading.link;
    hashes.push(head.hash);
  }
  // Different bytes that are no UTF-8 may read as the same text, and then hash alike.
  if (!Buffer.from(text).equals(bytes.subarray(0, wholeBytes)))
    return damaged(lines.length, 'it is not valid UTF-8');
  if (entries[0] !== undefined && entries[0].kind !== 'run-started')
    return damaged(1, 'it does not begin with the start of a run');
  if (outgrowsLine(bytes.toString('latin1', wholeBytes)))
    return damaged(lines.length + 1, 'its end was changed');
  return succeed({ entries, head, hashes, wholeBytes, tornBytes: bytes.length - wholeBytes });
}

const newline = 0x0a;

function newer(version: number) {
  return fail({
    code: 'journal-damaged',
    message: `The journal has version ${version}; this thaw reads up to ${journalVersion}.`,
    remedy: 'Use the version of thaw that wrote it, or a newer one.',
    retry: 'after-fix',
  });
}

function damaged(lineNumber: number, why: string) {
  return fail({
    code: 'journal-damaged',
    message: `The journal is damaged or was changed: line ${lineNumber} cannot be vouched for, ${why}.`,
    remedy: 'Keep the folder as it is for the inquiry, and start a new run; this one cannot be resumed.',
    retry: 'never',
  });
}
