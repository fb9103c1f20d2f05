import { readDumpHead } from '../backups/dump-head.ts';
import type { Failure } from '../base/failure.ts';
import type { Content } from './survey.ts';

/** So many of the first bytes are enough to tell what it is. */
export const judgedBytes = 4096;

const foreign: readonly { readonly begins: RegExp; readonly what: string }[] = [
  { begins: /^-- (?:MySQL|MariaDB) dump|^\/\*M?!/m, what: 'a dump of MySQL or MariaDB' },
  { begins: /^SQLite format 3/, what: 'a database of SQLite' },
  { begins: /^Salted__/, what: 'encrypted with openssl, which thaw does not open' },
];

/** @param bytes without its wrappings. */
export function judgeContent(key: string, bytes: Buffer): Content {
  const head = readDumpHead(bytes);
  if (head.ok) return { kind: 'dump', head: head.value };
  return { kind: 'other', why: `${key} is ${sayForeign(bytes) ?? 'no dump of PostgreSQL'}.` };
}

/** @param raw as it lies in the store, where what is inside could not be read. */
export function judgeUnopened(key: string, ...[raw, failure]: [Buffer, Failure]): Content {
  const what = sayForeign(raw);
  return {
    kind: 'other',
    why: what === undefined ? `${key}: ${failure.message} ${failure.remedy}` : `${key} is ${what}.`,
  };
}

function sayForeign(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1');
  return foreign.find(({ begins }) => begins.test(text))?.what;
}

/** Whether what is encrypted wants a passphrase, and no key: the first packet of OpenPGP, the first stanza of age. */
export function wantsPassphrase(layer: string, raw: Buffer): boolean {
  if (layer === 'age') return raw.toString('latin1').includes('-> scrypt ');
  const first = raw[0] ?? 0;
  const tag = (first & 0x40) === 0 ? (first >> 2) & 0x0f : first & 0x3f;
  // Symmetric-Key Encrypted Session Key (RFC 9580, 5.3).
  return (first & 0x80) !== 0 && tag === 3;
}
