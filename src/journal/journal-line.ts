import { z } from 'zod';
import { genesisHash, openLine, sealLine } from '../base/digest.ts';
import { parseJson } from '../base/parse-json.ts';
import { type Entry, entrySchema, type JournalEntry, journalVersion } from './entry.ts';

/**
 * One entry is one line of JSON: `{"seq":…,"at":…,"prev":…,…,"hash":…}`. `hash` is the SHA-256 of the line's own text
 * before `hash` was put in, and `prev` is the hash of the line before, so a changed, missing, added or moved line breaks
 * the chain. Hashing the text itself, not a re-serialised value, leaves no byte that could change unseen. */
export type Link = { readonly seq: number; readonly hash: string };

export const firstLink: Link = { seq: 0, hash: genesisHash };

export function writeLine(request: { readonly entry: Entry; readonly after: Link; readonly at: Date }) {
  const seq = request.after.seq + 1;
  const body = JSON.stringify({
    seq,
    at: request.at.toISOString(),
    prev: request.after.hash,
    ...request.entry,
  });
  const { line, hash } = sealLine(body);
  return { line, link: { seq, hash } satisfies Link };
}

type LineReading =
  | { readonly kind: 'whole'; readonly entry: JournalEntry; readonly link: Link }
  | { readonly kind: 'broken'; readonly why: string }
  /** In its place in the chain, and written by a version that knows more than this one. */
  | { readonly kind: 'newer'; readonly journalVersion: number };

/** @param line without its newline. */
export function readLine(line: string, after: Link): LineReading {
  const opened = openLine(line);
  if (opened === 'no-line') return broken('it is not a journal line');
  if (opened === 'changed') return broken('its text does not match its hash');
  // Its hash may be right and it be no JSON: nobody but a forger writes such a line.
  const frame = frameSchema.safeParse(parseJson(opened.body)).data;
  if (frame === undefined) return broken('it is not a journal line');
  const { seq, at, prev, ...rest } = frame;
  if (prev !== after.hash) return broken('it does not follow the line before it');
  if (seq !== after.seq + 1) return broken(`it carries number ${seq} instead of ${after.seq + 1}`);
  // Asked before the entry is read: what a newer version writes, this one may not even know the shape of.
  const version = rest.kind === 'run-started' ? rest.journalVersion : undefined;
  if (typeof version === 'number' && version > journalVersion)
    return { kind: 'newer', journalVersion: version };
  const entry = entrySchema.safeParse(rest);
  if (!entry.success)
    return broken('this version does not know such an entry; use the version that wrote it');
  return { kind: 'whole', entry: { seq, at, ...entry.data }, link: { seq, hash: opened.hash } };
}

const frameSchema = z.looseObject({ seq: z.int(), at: z.iso.datetime(), prev: z.string() });

function broken(why: string): LineReading {
  return { kind: 'broken', why };
}
