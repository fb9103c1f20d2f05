import { createHash } from 'node:crypto';

/** SHA-256 in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * The short mark by which things of one run are told from those of every other: on its incoming database, beside the files and keys it set
 * aside. Six letters fit into every name there is.
 *
 * @param runId unique everywhere, see StepContext.
 */
export function runMark(runId: string, part = ''): string {
  return sha256(part === '' ? runId : `${runId}\n${part}`).slice(0, 6);
}

/** PostgreSQL cuts longer names off, and then two of ours could be one. */
const longestName = 63;

/** harbour_crm__restore_a41f09: beside the database of that name, of this run and no other, so that a look at it tells whose it is. */
export function nameBeside(target: string, of: { readonly role: string; readonly runId: string }): string {
  const ending = `__${of.role}_${runMark(of.runId)}`;
  return `${target.slice(0, longestName - ending.length)}${ending}`;
}

/** The mark of a run on what it made on a server, as a comment; only what carries it may be dropped. */
export function ownershipComment(runId: string): string {
  return `thaw run ${runId}`;
}

/**
 * The run that a mark names, where it was a drill: nobody needs what it made once it is over.
 *
 * @param comment as `ownershipComment` writes it; the id of a run ends in its mode, a number where there were two, and its random mark.
 */
export function drillOfComment(comment: string): string | undefined {
  return /^thaw run (\S+-drill(?:-\d+)?-[0-9a-f]{6})$/.exec(comment)?.[1];
}

/** What a chain of lines begins with. */
export const genesisHash = '0'.repeat(64);

/**
 * A line of a chain: `{…,"prev":"…",…,"hash":"…"}`. The hash is that of the line's own text before it was put in, so that no byte can change
 * unseen, and each line holds the hash of the one before.
 *
 * @param body the JSON of an object that is not empty.
 */
export function sealLine(body: string): { readonly line: string; readonly hash: string } {
  const hash = sha256(body);
  return { line: `${body.slice(0, -1)},"hash":"${hash}"}\n`, hash };
}

/**
 * @param line without its newline.
 * @returns the body again; why it is none of ours otherwise.
 */
export function openLine(
  line: string,
): { readonly body: string; readonly hash: string } | 'no-line' | 'changed' {
  const [, begin, hash] = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/s.exec(line) ?? [];
  if (begin === undefined || hash === undefined) return 'no-line';
  const body = `${begin}}`;
  return sha256(body) === hash ? { body, hash } : 'changed';
}

/**
 * What follows the last newline of a chain is the beginning of a line that was never written whole. Where a whole line is followed by
 * anything but its newline, no crash left it so: leaving it out would lose a line in silence.
 *
 * @param tail as latin1, since half a character may stand at its end.
 */
export function outgrowsLine(tail: string): boolean {
  return /^\{.*,"hash":"[0-9a-f]{64}"\}./s.test(tail);
}
