import { type ArchiveHeader, isCustomArchive, readArchiveHeader } from '../base/archive-header.ts';
import { findToc } from '../base/archive-toc.ts';
import { type Outcome, succeed } from '../base/failure.ts';

/**
 * What the first bytes of an unpacked dump tell: which of pg_dump's formats it is, who wrote it, and what is needed to
 * restore it. The format is read from the content and not from the name, since names are given by scripts.
 */
export type DumpHead =
  | { readonly format: 'custom' | 'tar'; readonly header: ArchiveHeader }
  /** A directory of pg_dump packed as tar; its table of contents may stand further behind than the first bytes reach. */
  | { readonly format: 'directory'; readonly header?: ArchiveHeader }
  | {
      readonly format: 'plain';
      /** Empty where the dump does not say. */
      readonly serverVersion: string;
      readonly dumpVersion: string;
      /** Of a whole server (pg_dumpall): one of its databases is taken. */
      readonly isCluster?: true;
    };

/** Enough for the header of any sensible database name behind two tar headers, and for the comments of a plain dump. */
export const dumpHeadBytes = 4096;

export function readDumpHead(head: Uint8Array): Outcome<DumpHead> {
  if (isCustomArchive(head)) return withHeader(head, 'custom');
  if (isTar(head)) return readTarHead(head);
  const text = Buffer.from(head)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  // Its first database may begin within the same bytes.
  if (/^-- PostgreSQL database cluster dump\b/m.test(text))
    return succeed({ format: 'plain', serverVersion: '', dumpVersion: '', isCluster: true });
  if (/^--\s*\n-- PostgreSQL database dump\b/m.test(text)) return succeed(readPlainHead(text));
  // Says why it is none, and which layers to look at.
  return withHeader(head, 'custom');
}

function withHeader(head: Uint8Array, format: 'custom' | 'tar' | 'directory'): Outcome<DumpHead> {
  const header = readArchiveHeader(head);
  return header.ok ? succeed({ format, header: header.value }) : header;
}

function readPlainHead(text: string): DumpHead {
  const after = (words: string) => new RegExp(`^-- ${words} (.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  return {
    format: 'plain',
    serverVersion: after('Dumped from database version'),
    dumpVersion: after('Dumped by pg_dump version'),
  };
}

function isTar(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar';
}

/** pg_dump's own tar begins with toc.dat; a directory that somebody packed holds it anywhere, below any folder. */
function readTarHead(head: Uint8Array): Outcome<DumpHead> {
  const toc = findToc(head);
  if (toc === undefined) return succeed({ format: 'directory' });
  // The table of contents of both says tar; only its place tells them apart.
  return withHeader(toc.content, toc.isFirst ? 'tar' : 'directory');
}
