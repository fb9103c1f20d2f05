import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

const keptTailBytes = 256 * 1024;
/** A program that never ends its line must not fill our memory: the line is handed on in pieces. */
const longestLineLength = 64 * 1024;

export type OutputTail = {
  /** At most the last 256 KiB. */
  text(): string;
  /** Hands on a last line that had no newline. */
  end(): void;
};

/** Reads one stream of a child: whole lines as they come, and a bounded tail of everything. */
export function readOutput(stream: Readable, onLine: (line: string) => void): OutputTail {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  let kept: string[] = [];
  let keptLength = 0;

  const take = (text: string) => {
    kept.push(text);
    keptLength += text.length;
    if (keptLength > 2 * keptTailBytes) {
      kept = [kept.join('').slice(-keptTailBytes)];
      keptLength = keptTailBytes;
    }
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (pending.length > longestLineLength) {
      onLine(pending.slice(0, longestLineLength));
      pending = pending.slice(longestLineLength);
    }
  };

  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
  return {
    text: () => lastBytes(kept.join(''), keptTailBytes),
    end: () => {
      const rest = decoder.end();
      if (rest !== '') take(rest);
      if (pending !== '') onLine(pending);
      pending = '';
    },
  };
}

function lastBytes(text: string, limitBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limitBytes) return text;
  // A cut through the middle of a character leaves replacement signs at the front only.
  return bytes
    .subarray(bytes.length - limitBytes)
    .toString('utf8')
    .replace(/^\uFFFD+/, '');
}
