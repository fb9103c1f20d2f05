/** Where one passage stands in two places. Lines count from 1. */
export type Copy = { readonly one: string; readonly other: string; readonly lines: number };

type Line = { readonly text: string; readonly number: number };

/**
 * Passages of at least `least` lines that stand twice, in two files or in one. Blanks do not count, neither do empty lines and imports.
 */
export function copiesIn(
  files: readonly { readonly path: string; readonly text: string }[],
  least: number,
): readonly Copy[] {
  const passages = files.map(({ path, text }) => ({ path, lines: countedLines(text) }));
  const seen = new Map<string, { readonly file: number; readonly at: number }>();
  const copies: Copy[] = [];
  for (const [file, { path, lines }] of passages.entries()) {
    for (let at = 0; at + least <= lines.length; at += 1) {
      const key = lines
        .slice(at, at + least)
        .map(({ text }) => text)
        .join('\n');
      const before = seen.get(key);
      if (before === undefined) {
        seen.set(key, { file, at });
        continue;
      }
      const there = passages[before.file];
      // A passage must not overlap with itself: many rows of the same shape are no copy.
      if (there === undefined || (before.file === file && at - before.at < least)) continue;
      let length = least;
      while (isSame(lines[at + length], there.lines[before.at + length])) length += 1;
      const place = (of: string, line: Line | undefined) => `${of}:${line?.number ?? 0}`;
      copies.push({
        one: place(there.path, there.lines[before.at]),
        other: place(path, lines[at]),
        lines: length,
      });
      at += length - 1;
    }
  }
  return copies;
}

function isSame(one: Line | undefined, other: Line | undefined): boolean {
  return one !== undefined && one.text === other?.text;
}

function countedLines(text: string): readonly Line[] {
  const withoutImports = text.replaceAll(/^(import|export) [^;]*? from '[^']*';$/gm, (whole) =>
    whole.replaceAll(/[^\n]/g, ''),
  );
  return withoutImports.split('\n').flatMap((line, index) => {
    const plain = line.replaceAll(/\s+/g, ' ').trim();
    return plain === '' ? [] : [{ text: plain, number: index + 1 }];
  });
}
