import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import type { InputField } from '../runbook/references.ts';

/** Names that speak of a secret, in an env file whose variables nobody declared. */
const secretName = /(KEY|SECRET|PASS|PASSWORD|TOKEN|PASSPHRASE|CREDENTIALS?)$/;

/**
 * Every value that must not be seen: inputs marked secret, passwords inside URLs, and what looks like a secret in the
 * application's env file. A secret that is also a public name (a password `postgres`) cannot be masked without masking the
 * name everywhere, and is left out.
 */
export async function collectSecrets(request: {
  readonly inputs: Readonly<Record<string, InputField>>;
  readonly values: ReadonlyMap<string, string>;
  readonly envFile: string | undefined;
}): Promise<readonly string[]> {
  const secrets = new Set<string>();
  const known: string[] = [];
  for (const [name, value] of request.values) {
    const password = urlPassword(value);
    if (password !== undefined) secrets.add(password);
    if (request.inputs[name]?.secret) secrets.add(value);
    else known.push(value);
    known.push(...urlNames(value));
  }
  for (const [name, value] of Object.entries(await readEnv(request.envFile))) {
    if (value === undefined) continue;
    const password = urlPassword(value);
    if (password !== undefined) secrets.add(password);
    if (secretName.test(name)) secrets.add(value);
  }
  return [...secrets].filter((secret) => !known.includes(secret));
}

async function readEnv(path: string | undefined): Promise<Record<string, string | undefined>> {
  if (path === undefined) return {};
  // A missing file is told by the step that needs it.
  const text = await readFile(path, 'utf8').catch(() => '');
  return parseEnv(text);
}

function urlPassword(value: string): string | undefined {
  const url = readUrl(value);
  return url === undefined || url.password === '' ? undefined : decodeURIComponent(url.password);
}

function urlNames(value: string): readonly string[] {
  const url = readUrl(value);
  return url === undefined
    ? []
    : [url.username, url.hostname, url.pathname.slice(1)].filter((name) => name !== '');
}

function readUrl(value: string): URL | undefined {
  return value.includes('://') && URL.canParse(value) ? new URL(value) : undefined;
}
