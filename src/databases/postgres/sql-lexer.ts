/**
 * Tells where statements begin and end, as psql does (psqlscan.l): quotes, dollar quotes, comments. It reads line by line
 * and keeps no text, so a dump of any size can pass.
 */
export type SqlLexer = {
  /**
   * @param line without its newline, one byte a character.
   * @returns whether a backslash stands where psql would take it for a command of its own, and whether there is something that
   * versions of psql read differently, and pg_dump never writes.
   */
  take(line: string): { readonly hasMetaCommand: boolean; readonly isAmbiguous: boolean };
  /** Nothing is open: the next line begins a statement. */
  isBetween(): boolean;
  /** In upper case, of the statement that is open or that the last line ended. */
  firstWord(): string;
};

type Open =
  | { readonly kind: 'none' }
  | { readonly kind: 'quote'; readonly sign: "'" | '"'; readonly escapes: boolean }
  | { readonly kind: 'dollar'; readonly tag: string }
  | { readonly kind: 'comment'; readonly depth: number };

const none: Open = { kind: 'none' };

/** The next place of a line where something may change. */
const interesting = /['"$;\\]|--|\/\*/g;
const dollarTag = /\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$/y;

export function createSqlLexer(): SqlLexer {
  let open: Open = none;
  let between = true;
  let firstWord = '';

  function begin(rest: string): void {
    if (!between || rest.trim() === '') return;
    between = false;
    firstWord = /^\s*([A-Za-z]+)/.exec(rest)?.[1]?.toUpperCase() ?? '';
  }

  function take(line: string): { readonly hasMetaCommand: boolean; readonly isAmbiguous: boolean } {
    let at = 0;
    // Where the word before a sign may begin.
    let from = 0;
    let hasMetaCommand = false;
    // psql cuts a line at its first zero byte, and goes on with the next one.
    let isAmbiguous = line.includes('\0');
    while (at < line.length) {
      if (open.kind !== 'none') {
        const closed = close(open, { line, at });
        open = closed.open;
        at = closed.at;
        from = at;
        continue;
      }
      interesting.lastIndex = at;
      const found = interesting.exec(line);
      const place = found?.index ?? line.length;
      begin(line.slice(at, place));
      if (found === null) break;
      const [sign] = found;
      if (sign === '--') {
        // To psql a carriage return ends a line, too.
        const end = line.indexOf('\r', place);
        if (end < 0) break;
        at = end + 1;
      } else if (sign === ';') {
        between = true;
        at = place + 1;
      } else if (sign === '\\') {
        hasMetaCommand = true;
        at = place + 1;
      } else {
        const word = /[A-Za-z0-9_$\x80-\xff]*$/.exec(line.slice(from, place))?.[0] ?? '';
        // A number that runs into a quote: some read the number first, some a word.
        if (/^\$*\d/.test(word) && (sign === '$' || sign === "'")) isAmbiguous = true;
        const opened = openAt(line, { place, word });
        if (opened.open.kind !== 'comment') begin('x');
        if (opened.open.kind !== 'none') from = opened.at;
        open = opened.open;
        at = opened.at;
      }
    }
    return { hasMetaCommand, isAmbiguous };
  }

  return { take, isBetween: () => between && open.kind === 'none', firstWord: () => firstWord };
}

type Place = { readonly open: Open; readonly at: number };

function openAt(line: string, { place, word }: { readonly place: number; readonly word: string }): Place {
  const sign = line[place];
  if (sign === '"') return { open: { kind: 'quote', sign, escapes: false }, at: place + 1 };
  if (sign === "'") {
    // E'…' alone: pg_dump sets standard_conforming_strings, and whoever sets it off is refused.
    return { open: { kind: 'quote', sign, escapes: /^[Ee]$/.test(word) }, at: place + 1 };
  }
  if (sign === '/') return { open: { kind: 'comment', depth: 1 }, at: place + 2 };
  dollarTag.lastIndex = place;
  const tag = word === '' ? dollarTag.exec(line) : null;
  if (tag === null) return { open: none, at: place + 1 };
  return { open: { kind: 'dollar', tag: tag[0] }, at: place + tag[0].length };
}

function close(open: Exclude<Open, { kind: 'none' }>, { line, at }: { line: string; at: number }): Place {
  const stillOpen = { open, at: line.length };
  switch (open.kind) {
    case 'dollar': {
      const end = line.indexOf(open.tag, at);
      return end < 0 ? stillOpen : { open: none, at: end + open.tag.length };
    }
    case 'comment': {
      const next = /\/\*|\*\//g;
      next.lastIndex = at;
      const found = next.exec(line);
      if (found === null) return stillOpen;
      const depth = open.depth + (found[0] === '/*' ? 1 : -1);
      return { open: depth === 0 ? none : { kind: 'comment', depth }, at: found.index + 2 };
    }
    case 'quote': {
      const next = open.escapes ? /[\\']/g : undefined;
      for (let index = at; index < line.length; ) {
        if (next !== undefined) next.lastIndex = index;
        const found = next === undefined ? line.indexOf(open.sign, index) : (next.exec(line)?.index ?? -1);
        if (found < 0) return stillOpen;
        const sign = line[found];
        // An escaped sign, or a doubled quote, which stands for one.
        const isPair = sign === '\\' || line[found + 1] === sign;
        if (!isPair) return { open: none, at: found + 1 };
        index = found + 2;
      }
      return stillOpen;
    }
  }
}
