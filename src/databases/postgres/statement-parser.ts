/** Words, names, texts and signs of the statements that pg_dump writes, and a parser that steps through them. */
export type Token = {
  readonly kind: 'word' | 'name' | 'text' | 'sign';
  /** A name or text without its quotes. */
  readonly value: string;
  readonly from: number;
};

const token =
  /\s+|("(?:[^"]|"")+")|('(?:[^'\\]|'')*')|([A-Za-z_\u0080-\u{10ffff}][\w$\u0080-\u{10ffff}]*|\d+)|([(),.;=[\]])/uy;

export function tokenise(sql: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < sql.length) {
    const from = token.lastIndex;
    const match = token.exec(sql);
    if (match === null) return undefined;
    const [, name, text, word, sign] = match;
    if (name !== undefined)
      tokens.push({ kind: 'name', value: name.slice(1, -1).replaceAll('""', '"'), from });
    else if (text !== undefined)
      tokens.push({ kind: 'text', value: text.slice(1, -1).replaceAll("''", "'"), from });
    else if (word !== undefined) tokens.push({ kind: 'word', value: word, from });
    else if (sign !== undefined) tokens.push({ kind: 'sign', value: sign, from });
  }
  return tokens;
}

export function statementsOf(tokens: readonly Token[], sql: string) {
  const statements: { readonly words: readonly Token[]; readonly text: string }[] = [];
  let words: Token[] = [];
  const close = (end: number) => {
    if (words.length > 0) statements.push({ words, text: sql.slice(words[0]?.from ?? 0, end).trim() });
    words = [];
  };
  for (const one of tokens) {
    if (one.kind === 'sign' && one.value === ';') close(one.from);
    else words.push(one);
  }
  close(sql.length);
  return statements;
}

export type Parser = ReturnType<typeof parserOf>;

/** Each method takes what it names and goes on, or takes nothing. */
export function parserOf(tokens: readonly Token[]) {
  let at = 0;
  const next = (kind: Token['kind'], fits: (value: string) => boolean = () => true) => {
    const one = tokens[at];
    if (one?.kind !== kind || !fits(one.value)) return undefined;
    at += 1;
    return one.value;
  };
  const words = (...wanted: readonly string[]): boolean => {
    const start = at;
    for (const word of wanted) {
      if (next('word', (value) => value.toUpperCase() === word) !== undefined) continue;
      at = start;
      return false;
    }
    return true;
  };
  return {
    words,
    oneOf: (wanted: readonly string[]) => wanted.find((word) => words(...word.split(' '))),
    sign: (value: string) => next('sign', (one) => one === value) !== undefined,
    text: () => next('text'),
    number: () => {
      const digits = next('word', (value) => /^\d+$/.test(value));
      return digits === undefined ? undefined : Number(digits);
    },
    /** As SQL reads it: without quotes in small letters. */
    identifier: () => next('name') ?? next('word', (value) => /^\D/.test(value))?.toLowerCase(),
    /** Everything up to one of these words outside of brackets, or the end. */
    skipTo: (wanted: readonly string[]) => {
      let depth = 0;
      const start = at;
      for (; at < tokens.length; at += 1) {
        const one = tokens[at];
        if (one?.kind === 'sign' && '(['.includes(one.value)) depth += 1;
        if (one?.kind === 'sign' && ')]'.includes(one.value)) depth -= 1;
        if (depth === 0 && one?.kind === 'word' && wanted.includes(one.value.toUpperCase())) break;
      }
      return at > start;
    },
    isDone: () => at === tokens.length,
  };
}
