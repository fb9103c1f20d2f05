export type EnvLookup = (name: string) => string | undefined;

type Expanded = { readonly value: string } | { readonly fault: string };

/** `$$`, `$NAME`, `${NAME…}`, or a brace that begins nothing; another dollar sign stands for itself. */
const reference = /\$(?:(\$)|([_a-z][_a-z0-9]*)|\{(?:([_a-z][_a-z0-9]*(?::?[-+?]([^\n]*))?)\}|))/giu;

/** What Compose puts in place of variables within a value (compose-go, template). A name without a value gives nothing. */
export function expandVariables(text: string, lookup: EnvLookup): Expanded {
  let fault: string | undefined;
  const value = text.replace(reference, (whole) => {
    const replaced = expandOne(whole, lookup);
    if ('value' in replaced) return replaced.value;
    fault ??= replaced.fault;
    return '';
  });
  return fault === undefined ? { value } : { fault };
}

function expandOne(found: string, lookup: EnvLookup): Expanded {
  if (found === '$$') return { value: '$' };
  if (!found.startsWith('${')) return { value: lookup(found.slice(1)) ?? '' };
  // A pattern finds the last brace of the line; what is meant ends at the one that fits.
  const end = closingBrace(found);
  const inside = found.slice(2, end < 0 ? -1 : end);
  const [, name = '', operator = '', word = ''] =
    /^([_a-z][_a-z0-9]*)(?:(:?[-+?])([^\n]*))?$/iu.exec(inside) ?? [];
  if (name === '' || found === '${') return { fault: 'an unfinished reference to a variable' };
  const replaced = replace({ name, operator, word }, lookup);
  if ('fault' in replaced || end < 0) return replaced;
  const rest = expandVariables(found.slice(end + 1), lookup);
  return 'fault' in rest ? rest : { value: replaced.value + rest.value };
}

function closingBrace(text: string): number {
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '{') {
      open += 1;
      at += 1;
    } else if (text[at] === '}') {
      open -= 1;
      if (open === 0) return at;
    }
  }
  return -1;
}

function replace(
  { name, operator, word }: { readonly name: string; readonly operator: string; readonly word: string },
  lookup: EnvLookup,
): Expanded {
  const value = lookup(name);
  const isThere = value !== undefined && (!operator.startsWith(':') || value !== '');
  if (operator.endsWith('-')) return isThere ? { value } : expandVariables(word, lookup);
  if (operator.endsWith('+')) return isThere ? expandVariables(word, lookup) : { value: value ?? '' };
  if (operator.endsWith('?') && !isThere) return { fault: `\${${name}?…}, which has no value,` };
  return { value: value ?? '' };
}
