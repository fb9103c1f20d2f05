const newline = 10;
const endOfCopy = Buffer.from('\\.');

/**
 * Passes over rows of a COPY, of which only the line that ends them is looked for.
 *
 * @param bytes whole lines, of which the first is a row or the end.
 * @returns how far that went, how many lines that were, and whether the last of them was the end.
 */
export function passRows(bytes: Buffer): {
  readonly until: number;
  readonly lines: number;
  readonly isEnd: boolean;
} {
  let at = 0;
  let lines = 0;
  for (;;) {
    const end = bytes.indexOf(newline, at);
    if (end < 0) return { until: at, lines, isEnd: false };
    lines += 1;
    const length = end - at - (bytes[end - 1] === 13 ? 1 : 0);
    const isEnd = length === 2 && bytes.compare(endOfCopy, 0, 2, at, at + 2) === 0;
    at = end + 1;
    if (isEnd) return { until: at, lines, isEnd };
  }
}
