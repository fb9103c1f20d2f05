/** The tree of a file of settings is never deeper; one that is would take whoever walks through it to the end of the stack. */
const deepest = 64;

const token =
  /\s+|(?:\/\/|#)[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\$]|\\[\s\S])*"|=>|-?\d[\d.]*|[A-Za-z_]\w*|\$\w+|[\s\S]/g;
const openings: readonly string[] = ['(', '['];
const closings: readonly string[] = [')', ']'];

type Reader = { readonly tokens: readonly string[]; readonly values: Map<string, string>; at: number };

/**
 * A file that gives one array of literals and does nothing else: config.php of Nextcloud. It is read and never run. What has to be computed
 * (`getenv('…')`) has no value here.
 *
 * @returns each value by its name, in arrays with dots; undefined where the file is anything else.
 */
export function readPhp(text: string): ReadonlyMap<string, string> | undefined {
  const body = /^\uFEFF?<\?php\s([\s\S]*)$/.exec(text)?.[1] ?? '';
  const tokens = (body.match(token) ?? []).filter((one) => !/^(?:\s|\/\/|#|\/\*)/.test(one));
  // A string that does not end, or that holds a variable.
  if (tokens.some((one) => one === "'" || one === '"')) return undefined;
  const head = tokens[0]?.startsWith('$') && tokens[1] === '=' ? 2 : tokens[0] === 'return' ? 1 : undefined;
  if (head === undefined) return undefined;
  const reader: Reader = { tokens, values: new Map(), at: head };
  const isWhole = readArray(reader, { name: '', depth: 0 });
  return isWhole && /^;?(?:\?>)?$/.test(tokens.slice(reader.at).join('')) ? reader.values : undefined;
}

/** @returns false where it is no array, or does not end. */
function readArray(
  reader: Reader,
  { name, depth }: { readonly name: string; readonly depth: number },
): boolean {
  if (reader.tokens[reader.at]?.toLowerCase() === 'array') reader.at += 1;
  if (!openings.includes(reader.tokens[reader.at] ?? '') || depth > deepest) return false;
  reader.at += 1;
  for (let index = 0; reader.at < reader.tokens.length; index += 1) {
    if (closings.includes(reader.tokens[reader.at] ?? '')) {
      reader.at += 1;
      return true;
    }
    const isNamed = reader.tokens[reader.at + 1] === '=>';
    const key = isNamed ? literal(reader.tokens[reader.at]) : String(index);
    if (key === undefined) return false;
    if (isNamed) reader.at += 2;
    if (!readValue(reader, { name: name === '' ? key : `${name}.${key}`, depth: depth + 1 })) return false;
    if (reader.tokens[reader.at] === ',') reader.at += 1;
  }
  return false;
}

function readValue(reader: Reader, place: { readonly name: string; readonly depth: number }): boolean {
  const [first = '', second = ''] = reader.tokens.slice(reader.at, reader.at + 2);
  if (first === '[' || first.toLowerCase() === 'array') return readArray(reader, place);
  const isAlone = second === ',' || closings.includes(second);
  const value = isAlone ? literal(first) : undefined;
  if (value !== undefined) reader.values.set(place.name, value);
  return skipValue(reader);
}

/** To the comma or the bracket behind it. */
function skipValue(reader: Reader): boolean {
  for (let depth = 0; reader.at < reader.tokens.length; reader.at += 1) {
    const one = reader.tokens[reader.at] ?? '';
    if (depth === 0 && (one === ',' || closings.includes(one))) return true;
    depth += openings.includes(one) ? 1 : closings.includes(one) ? -1 : 0;
  }
  return false;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\', $: '$' };

/** @returns undefined for null, and for what is no literal. */
function literal(one = ''): string | undefined {
  if (one.startsWith("'")) return one.slice(1, -1).replace(/\\(['\\])/g, '$1');
  if (one.startsWith('"'))
    return one.slice(1, -1).replace(/\\([\s\S])/g, (whole, letter: string) => escapes[letter] ?? whole);
  return /^-?\d|^(?:true|false)$/i.test(one) ? one : undefined;
}
