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

/**
 * @param values the secrets themselves; their percent-encoded, JSON-escaped and base64 forms are masked too, since
 *   a driver's error text may carry any of them.
 */
export function createRedactor(values: readonly string[]): Redact {
  const forms = new Set<string>();
  for (const value of values) {
    if (value.length < shortestRedactedLength) continue;
    forms.add(value);
    forms.add(encodeURIComponent(value));
    forms.add(JSON.stringify(value).slice(1, -1));
    forms.add(Buffer.from(value).toString('base64'));
    // A multi-line secret (a private key) also leaks line by line.
    for (const line of value.split('\n')) if (line.length >= 16) forms.add(line);
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const form of longestFirst) if (clean.includes(form)) clean = clean.split(form).join(mask);
    return clean;
  };
}

/** Masks the strings inside any JSON-like value. */
export function redactDeep<T>(value: T, redact: Redact): T {
  if (typeof value === 'string') return redact(value) as T;
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact)) as T;
  if (value !== null && typeof value === 'object') {
    const clean = Object.entries(value).map(([key, item]) => [redact(key), redactDeep(item, redact)]);
    return Object.fromEntries(clean) as T;
  }
  return value;
}
