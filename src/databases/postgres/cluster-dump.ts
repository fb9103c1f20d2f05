import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import type { DumpedSection, DumpTools } from '../../ports/dump-tools.ts';
import { passRows } from './copy-rows.ts';
import { createSqlLexer } from './sql-lexer.ts';

/** From its first comment to its last: where it begins in the file, and where it ends, in bytes. */
type ClusterSection = DumpedSection & { readonly from: number; readonly until: number };

/** What pg_dumpall wrote (pg_dumpall.c of 10 to 18): roles and tablespaces first, then each database as pg_dump gives it. Nothing of it is run here. */
type ClusterDumpReader = {
  /** @returns the bytes of databases in this chunk, each with the place of its section in the list. */
  take(chunk: Buffer): readonly { readonly section: number; readonly bytes: Buffer }[];
  /** As far as it was read. */
  sections(): readonly ClusterSection[];
  /** Its last line was seen. */
  isComplete(): boolean;
};

const newline = 10;
const chunkBytes = 1024 * 1024;
const heading = /^-- Database "(.*)" dump$/;
/** Before 11 there is no heading. */
const connect =
  /^\\connect (?:-reuse-previous=on "dbname='((?:[^'\\]|\\.)*)'"|"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_$]*))/;
const begin = /^-- PostgreSQL database dump$/;
const end = /^-- PostgreSQL database dump complete$/;
const endOfAll = /^-- PostgreSQL database cluster dump complete$/;

function connectedTo(line: string): string | undefined {
  const [, text, quoted, bare] = connect.exec(line) ?? [];
  return text?.replace(/\\(.)/g, '$1') ?? quoted?.replaceAll('""', '"') ?? bare;
}

export function createClusterDumpReader(): ClusterDumpReader {
  const lexer = createSqlLexer();
  const sections: { name: string; from: number; until: number; isComplete: boolean }[] = [];
  let pending: Buffer = Buffer.alloc(0);
  let offset = 0;
  let inCopy = false;
  let isIn = false;
  let isWhole = false;
  let name = '';

  /** What stands between statements alone: a row or a text may hold the same words. */
  const readBetween = (line: string, at: { readonly from: number; readonly next: number }): void => {
    const last = sections.at(-1);
    if (endOfAll.test(line)) isWhole = true;
    if (isIn && last !== undefined) {
      if (!end.test(line)) return;
      Object.assign(last, { until: at.next, isComplete: true });
      isIn = false;
      return;
    }
    name = heading.exec(line)?.[1] ?? connectedTo(line) ?? name;
    if (!begin.test(line)) return;
    isIn = true;
    sections.push({ name, from: at.from, until: at.next, isComplete: false });
  };

  const readLine = (bytes: Buffer, at: { readonly from: number; readonly next: number }): void => {
    const line = bytes.toString('latin1').replace(/\r$/, '');
    if (lexer.isBetween() && /^(?:--|\\)/.test(line)) {
      readBetween(bytes.toString('utf8').replace(/\r$/, ''), at);
      return;
    }
    lexer.take(line);
    inCopy = lexer.isBetween() && /FROM stdin;$/i.test(line) && lexer.firstWord() === 'COPY';
  };

  return {
    take(chunk) {
      const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const whole = bytes.lastIndexOf(newline) + 1;
      const start = offset;
      const known = sections.length - (isIn ? 1 : 0);
      for (let at = 0; at < whole; ) {
        if (inCopy) {
          const { until, isEnd } = passRows(bytes.subarray(at, whole));
          inCopy = !isEnd;
          at += until;
          continue;
        }
        const next = bytes.indexOf(newline, at) + 1;
        readLine(bytes.subarray(at, next - 1), { from: start + at, next: start + next });
        at = next;
      }
      offset = start + whole;
      const last = sections.at(-1);
      if (isIn && last !== undefined) last.until = offset;
      pending = bytes.subarray(whole);
      return sections.slice(known).map(({ from, until }, index) => ({
        section: known + index,
        bytes: bytes.subarray(Math.max(0, from - start), until - start),
      }));
    },
    sections: () => sections,
    isComplete: () => isWhole,
  };
}

/** pg_dump begins each with an empty comment, which stands in front of the one that is looked for. */
const lead = Buffer.from('--\n');

async function* pieces(section: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield lead;
  yield* section;
  yield lead;
}

async function* leading(file: string, bytes: number): AsyncGenerator<Buffer> {
  if (bytes > 0) yield* createReadStream(file, { end: bytes - 1, highWaterMark: chunkBytes });
}

export async function takeDatabase({
  file,
  toFile,
  rolesFile,
  choose,
}: Parameters<DumpTools['takeDatabase']>[0]): ReturnType<DumpTools['takeDatabase']> {
  const reader = createClusterDumpReader();
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes }))
      reader.take(chunk as Buffer);
    const chosen = choose(reader.sections());
    if (!chosen.ok) return chosen;
    const { name, from, until } = chosen.value;
    const before = reader.sections()[0]?.from ?? from;
    await pipeline(
      Readable.from(leading(file, before)),
      createWriteStream(rolesFile, { mode: 0o600, flush: true }),
    );
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const content = async function* () {
      const range = { start: from, end: until - 1, highWaterMark: chunkBytes };
      for await (const chunk of pieces(createReadStream(file, range))) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    };
    await pipeline(content, createWriteStream(toFile, { mode: 0o600, flush: true }));
    const databases = reader.sections().map((section) => section.name);
    const cluster = { taken: name, isComplete: reader.isComplete(), databases };
    return succeed({ cluster, sizeBytes, sha256: hash.digest('hex') });
  } catch (error) {
    return fail(describeFileFailure({ doing: `take a database out of ${file}`, error }));
  }
}
