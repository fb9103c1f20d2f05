/**
 * A secret is carried in a closed box: it prints, serialises and inspects as ‹secret›, so forgetting to mask it
 * cannot leak it. `reveal` is called only where the value is handed to a driver.
 */
export type Secret = {
  readonly kind: 'secret';
  reveal(): string;
};

const mask = '‹secret›';

export function createSecret(value: string): Secret {
  const box = {
    kind: 'secret' as const,
    reveal: () => value,
    toString: () => mask,
    toJSON: () => mask,
    [Symbol.for('nodejs.util.inspect.custom')]: () => mask,
  };
  // The closure holds the value; the object itself has nothing to enumerate that could print it.
  return Object.freeze(box);
}

/** Takes every known secret out of a text. Stands at each exit: journal, record, screen, output files. */
export type Redact = (text: string) => string;

/** Values shorter than this are not replaced: they would mask ordinary words and prove nothing. */
const shortestRedactedLength = 4;

/** A line of a multi-line secret shorter than this is a header or a rest, and could be an ordinary word. */
const shortestRedactedLine = 16;

/**
 * @param values the secrets themselves; their percent-encoded, JSON-escaped, hexadecimal and base64 forms are masked too, since
 *   a driver's error text may carry any of them, and so is the base64 of whatever holds one: user:password.
 * @param shown texts that stay as they are, whatever they hold: a path with a hole in it leads nowhere.
 */
export function createRedactor(values: readonly string[], shown: Iterable<string> = []): Redact {
  const long = values.filter((value) => value.length >= shortestRedactedLength);
  if (long.length === 0) return maskInSql;
  const forms = long.flatMap(formsOf).sort((a, b) => b.length - a.length);
  // The mask itself comes first: a text that was masked before stays as it is, even when a password is "secret".
  const kept = [mask, ...[...shown].sort((a, b) => b.length - a.length).map(literally)];
  const expression = new RegExp(
    `(${kept.join('|')})|${[...new Set(forms.map(toExpression))].join('|')}`,
    'g',
  );
  const inBase64 = createBase64Redactor(long);
  const replaced = (_match: string, stays: string | undefined) => stays ?? mask;
  return (text) => maskInSql(inBase64(text).replace(expression, replaced));
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

const base64Sign = /[A-Za-z0-9+/_=-]/;

/** The whole word of base64 goes, as far as it reaches to both sides. Step by step: an expression for it would go through long words again and again. */
function createBase64Redactor(values: readonly string[]): Redact {
  const cores = [...new Set(values.flatMap(withinBase64))].map((core) =>
    core.replace(/[+/]/g, (sign) => (sign === '+' ? '[+-]' : '[/_]')),
  );
  if (cores.length === 0) return (text) => text;
  const expression = new RegExp(cores.join('|'), 'g');
  return (text) => {
    let clean = '';
    let from = 0;
    for (const { index, 0: core } of text.matchAll(expression)) {
      if (index < from) continue;
      let [begin, end] = [index, index + core.length];
      while (begin > from && base64Sign.test(text.charAt(begin - 1))) begin -= 1;
      while (end < text.length && base64Sign.test(text.charAt(end))) end += 1;
      clean += text.slice(from, begin) + mask;
      from = end;
    }
    return clean + text.slice(from);
  };
}

/**
 * Passwords that no input names: of a role, a user mapping or a subscription in a dump, when the statement that holds one is shown because
 * it failed; and of an address with a user in it.
 */
const inSql = [
  /(\bpassword\s*=\s*)(?:'(?:[^']|'')*(?:'|$)|\\'.*?\\'|[^\s'",;)]+)/gi,
  /(\b(?:encrypted\s+)?password\s+)E?'(?:[^']|'')*(?:'|$)/gi,
  /(:\/\/[^\s:/@'"]*:)[^\s@'"/]+(?=@)/g,
];

function maskInSql(text: string): string {
  return inSql.reduce((clean, form) => clean.replace(form, `$1${mask}`), text);
}

/** A redactor that learns: some secrets come to light only when a run opens them. */
export type Masking = {
  readonly redact: Redact;
  mask(values: readonly string[]): void;
  /** Never masked from now on, as a whole: what the operator has to paste, as paths and the id of the run. */
  show(texts: readonly string[]): void;
};

/** @param publicNames never masked: a password that is also the name of a database would hide that name everywhere. */
export function createMasking(request: {
  readonly secrets: readonly string[];
  readonly publicNames: ReadonlySet<string>;
}): Masking {
  const known = new Set<string>();
  const shown = new Set<string>();
  let redact: Redact = (text) => text;
  const mask = (values: readonly string[]) => {
    const fresh = values.filter((value) => !known.has(value) && !request.publicNames.has(value));
    if (fresh.length === 0) return;
    for (const value of fresh) known.add(value);
    redact = createRedactor([...known], shown);
  };
  const show = (texts: readonly string[]) => {
    for (const text of texts) if (text.length >= shortestRedactedLength) shown.add(text);
    redact = createRedactor([...known], shown);
  };
  mask(request.secrets);
  return { redact: (text) => redact(text), mask, show };
}

function formsOf(value: string): readonly string[] {
  const base64 = Buffer.from(value).toString('base64');
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(value).toString('base64url'),
    Buffer.from(value).toString('hex'),
    Buffer.from(value).toString('hex').toUpperCase(),
    // A multi-line secret (a private key) also leaks line by line.
    ...value.split(/\r?\n/).filter((line) => line.length >= shortestRedactedLine),
  ];
}

/** Fewer signs of base64 than this could be part of anything. */
const shortestCore = 6;

/**
 * What base64 makes of a text that holds the value: three bytes become four signs, so that it depends on where the value begins. The signs
 * that its neighbours have a part in are left out.
 */
function withinBase64(value: string): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const core = bytes
      .toString('base64')
      .slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
    return core.length >= shortestCore ? [core] : [];
  });
}

/** Each sign as it is or percent-encoded: programs differ in which signs of a URL they encode. */
function toExpression(text: string): string {
  return Array.from(text, (sign) => {
    if (/[A-Za-z0-9]/.test(sign)) return sign;
    const bytes = [...Buffer.from(sign)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    const encoded = bytes.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
    return `(?:${literally(sign)}|${encoded})`;
  }).join('');
}

/**
 * Masks the texts inside any JSON-like value. Keys, and what stands under the keys in `names`, stay as they are: a name
 * that was masked would be another name, and the run would look for a step or a database that is not there.
 */
export function redactDeep<T>(
  value: T,
  how: { readonly redact: Redact; readonly names?: ReadonlySet<string> },
): T {
  if (typeof value === 'string') return how.redact(value) as T;
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, how)) as T;
  if (value !== null && typeof value === 'object') {
    const clean = Object.entries(value).map(([key, item]) => {
      const isName = typeof item === 'string' && how.names?.has(key);
      return [key, isName ? item : redactDeep(item, how)];
    });
    return Object.fromEntries(clean) as T;
  }
  return value;
}
