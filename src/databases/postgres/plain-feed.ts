import { createReadStream } from 'node:fs';
import type { RestoreRequest } from '../../ports/dump-tools.ts';
import { createPlainDumpReader, type PlainDumpReader } from './plain-dump-reader.ts';
import { restriction } from './restrict-psql.ts';
import { saySetting } from './say-rights.ts';

const chunkBytes = 1024 * 1024;
/** Far more than lies between us and a statement that psql has sent: its input is a pipe. */
const keptBytes = 16 * chunkBytes;
const newline = 10;

/**
 * What psql is given of a plain dump. A statement that the server refuses for a reason that does no harm ends psql all the same, so the next one
 * goes on behind it: every statement is a transaction of its own, and the settings that pg_dump made before are said again.
 */
export type PlainFeed = {
  readonly reader: PlainDumpReader;
  /** @param line of the dump, counted from 1, where a statement ends that was refused; 0 for all of it. */
  behind(line: number): {
    readonly input: AsyncGenerator<Buffer>;
    /** psql counts the lines that it was given. */
    lineOf(psqlLine: number): number;
  };
  /** What ends in that line of the dump; undefined where it is no longer at hand, or not one statement by itself. */
  statementAt(line: number): string | undefined;
};

type Piece = { readonly firstLine: number; readonly lines: number; readonly content: Buffer };

export function createPlainFeed(
  request: Pick<RestoreRequest, 'file' | 'inOnePlace' | 'searchPath' | 'onEntry'>,
): PlainFeed {
  const reader = createPlainDumpReader(request);
  const pieces: Piece[] = [];
  let dropped = 0;
  const refused = new Set<number>();
  const source = readPieces(request, reader);
  const more = async (): Promise<boolean> => {
    const { done, value } = await source.next();
    if (done === true) return false;
    const last = pieces.at(-1);
    const firstLine = last === undefined ? 1 : last.firstLine + last.lines;
    pieces.push({ firstLine, lines: countLines(value), content: value });
    let bytes = pieces.reduce((sum, { content }) => sum + content.length, 0);
    while (bytes > keptBytes) {
      bytes -= pieces.shift()?.content.length ?? 0;
      dropped += 1;
    }
    return true;
  };
  async function* feed(line: number, settings: readonly string[]): AsyncGenerator<Buffer> {
    yield restriction();
    if (settings.length > 0) yield Buffer.from(`${settings.join('\n')}\n`, 'latin1');
    const first = pieces.findIndex((piece) => piece.firstLine + piece.lines > line + 1);
    // By number: whoever was fed before may still wait for a piece, which is not lost then.
    for (let at = dropped + (first < 0 ? pieces.length : first); ; at += 1) {
      while (at >= dropped + pieces.length) if (!(await more())) return;
      const piece = pieces[at - dropped];
      if (piece === undefined) throw new Error('psql is farther behind than a pipe is long.');
      const rest = piece.content.subarray(startOf(piece, line + 1));
      if (rest.length > 0) yield rest;
    }
  }
  return {
    reader,
    behind(line) {
      refused.add(line);
      const { searchPath } = request;
      const settings = [
        ...reader.settingsUntil(line, refused),
        ...(searchPath === undefined ? [] : [`SET ${saySetting('search_path', searchPath)};`]),
      ];
      const before = 1 + settings.length - line;
      return { input: feed(line, settings), lineOf: (psqlLine) => psqlLine - before };
    },
    statementAt(line) {
      const from = reader.statementFrom(line);
      const [first] = pieces;
      if (from === undefined || first === undefined || from < first.firstLine) return undefined;
      const text = pieces
        .filter((piece) => piece.firstLine <= line && piece.firstLine + piece.lines > from)
        .map((piece) => piece.content.subarray(startOf(piece, from), startOf(piece, line + 1)))
        .map((part) => part.toString('utf8'))
        .join('');
      return text.trimEnd();
    },
  };
}

async function* readPieces(
  { file, onEntry }: Pick<RestoreRequest, 'file' | 'onEntry'>,
  reader: PlainDumpReader,
): AsyncGenerator<Buffer, undefined> {
  let done = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) {
    const statements = reader.take(chunk as Buffer);
    // Nothing of a piece that holds something forbidden is handed on.
    if (reader.findings().refused !== undefined) return;
    if (statements.length > 0) yield statements;
    if (reader.entriesDone() === done) continue;
    done = reader.entriesDone();
    onEntry(done);
  }
  const rest = reader.end();
  if (rest.length > 0 && reader.findings().refused === undefined) yield rest;
}

function countLines(content: Buffer): number {
  let count = 0;
  for (let at = content.indexOf(newline); at >= 0; at = content.indexOf(newline, at + 1)) count += 1;
  return count;
}

/** @returns where the line begins in it: 0 for one before it, its end for one behind it. */
function startOf({ firstLine, content }: Piece, line: number): number {
  let at = 0;
  for (let skip = line - firstLine; skip > 0; skip -= 1) {
    const end = content.indexOf(newline, at);
    if (end < 0) return content.length;
    at = end + 1;
  }
  return at;
}
