/** Names that speak of a secret, in an env file whose variables nobody declared. */
const secretName = /(KEY|SECRET|PASS|PASSWORD|TOKEN|PASSPHRASE|CREDENTIALS?)$/;

/** A shorter value is a port or a level; masking it would mask half of every log. */
const shortestTelling = 8;

type Value = readonly [name: string, value: string];

/** What looks like a secret by its name, and passwords inside URLs. */
export function namedSecrets(values: Iterable<Value>): readonly string[] {
  return [...values].flatMap(([name, value]) => [
    ...passwordIn(value),
    ...(secretName.test(name) ? [value] : []),
  ]);
}

/**
 * Of a file that somebody encrypted every value is a secret. Left out are single words and short numbers under a harmless
 * name: to mask `production` or `8080` wherever it stands would hide what the operator has to read, and protect nothing.
 */
export function encryptedSecrets(values: Iterable<Value>): readonly string[] {
  const all = [...values];
  const telling = all.flatMap(([, value]) =>
    value.length >= shortestTelling && !/^[A-Za-z]{1,19}$/.test(value) ? [value] : [],
  );
  return [...namedSecrets(all), ...telling];
}

export function passwordIn(value: string): readonly string[] {
  const url = readUrl(value);
  return url === undefined || url.password === '' ? [] : [decoded(url.password)];
}

/** What of a URL is no secret: user, host and path. */
export function namesIn(value: string): readonly string[] {
  const url = readUrl(value);
  if (url === undefined) return [];
  return [url.username, url.hostname, url.pathname.slice(1)].filter((name) => name !== '');
}

function readUrl(value: string): URL | undefined {
  return value.includes('://') && URL.canParse(value) ? new URL(value) : undefined;
}

/** A per cent sign that stands for itself is no reason to fall over. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
