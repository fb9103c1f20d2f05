/** Names that speak of a secret, wherever in them: SMTP_PWD, SECRET_KEY_BASE, SENTRY_DSN, SLACK_WEBHOOK. */
const secretName =
  /KEY|SECRET|PASS|PWD|TOKEN|CRED|SALT|DSN|WEBHOOK|PRIVATE|AUTH|SIGN|COOKIE|PEPPER|JWT|HMAC|LICEN[CS]E|CERT/i;
/** A name that ends so is that of a secret, and of nothing about one: no KEY_ID, no KEY_FILE. */
const namesSecret = /(?:PASSWORD|PASSWD|PWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|WEBHOOK|KEY)$/;

export function isNameOfSecret(name: string): boolean {
  return namesSecret.test(name);
}

/** A shorter value is a port or a level; masking it would mask half of every log. */
const shortestTelling = 8;

type Value = readonly [name: string, value: string];

/**
 * Of an env file every value is a secret, whatever its name, but those that are plainly none: to mask `production`, `8080` or the address
 * of a server wherever it stands would hide what the operator has to read, and protect nothing. Under a name that speaks of a secret
 * a word is one, too.
 */
export function secretsOf(values: Iterable<Value>): readonly string[] {
  return [...values].flatMap(([name, value]) => {
    const telling = secretName.test(name) ? !isSwitch(value) : isTelling(value);
    return [...passwordIn(value), ...(telling ? [value] : [])];
  });
}

function isSwitch(value: string): boolean {
  return /^(?:\d{0,6}|true|false|yes|no|on|off|none|null|enabled|disabled)$/i.test(value);
}

const word = /^[A-Za-z]{1,19}$/;
const hostName = /^(?:[a-z0-9-]{1,24}\.)+[a-z]{2,24}(?::\d{1,5})?$/;
const mailAddress = /^[\w.+-]{1,40}@(?:[a-z0-9-]{1,24}\.)+[a-z]{2,24}$/;
const path = /^\.{0,2}(?:\/[\w.-]{1,24}){2,}\/?$/;

function isTelling(value: string): boolean {
  if (value.length < shortestTelling) return false;
  return ![word, hostName, mailAddress, path].some((form) => form.test(value)) && !isPublicUrl(value);
}

/** Without credentials, and without the long part that makes the address of a webhook a secret. */
function isPublicUrl(value: string): boolean {
  const url = readUrl(value);
  if (url === undefined || url.username !== '' || url.password !== '' || url.search !== '') return false;
  return url.hash === '' && url.pathname.split('/').every((part) => part.length < 16);
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
