import { readFile } from 'node:fs/promises';
import { everyReading } from '../backups/read-otherwise.ts';
import { encryptedSecrets, namedSecrets, namesIn, passwordIn } from '../base/secret-values.ts';
import type { InputField } from '../kinds/references.ts';

/**
 * Every value that must not be seen: inputs marked secret, passwords inside URLs, and what looks like a secret in the
 * application's env file. A secret that is also a public name (a password `postgres`) cannot be masked without masking the
 * name everywhere, and is left out.
 */
export async function collectSecrets(request: {
  readonly inputs: Readonly<Record<string, InputField>>;
  readonly values: ReadonlyMap<string, string>;
  readonly envFile: string | undefined;
  /** The env file is an opened one: all of it was encrypted for a reason. */
  readonly wasEncrypted: boolean;
}): Promise<{ readonly secrets: readonly string[]; readonly publicNames: ReadonlySet<string> }> {
  const secrets: string[] = [];
  const known: string[] = [];
  for (const [name, value] of request.values) {
    secrets.push(...passwordIn(value));
    if (request.inputs[name]?.secret) secrets.push(value);
    else known.push(value);
    known.push(...namesIn(value));
  }
  const env = await readEnv(request.envFile);
  secrets.push(...(request.wasEncrypted ? encryptedSecrets(env) : namedSecrets(env)));
  return { secrets, publicNames: new Set(known) };
}

/** Read in every way, since what reads the file otherwise may print it, too. */
async function readEnv(path: string | undefined) {
  if (path === undefined) return [];
  // A missing file is told by the step that needs it.
  const text = await readFile(path, 'utf8').catch(() => '');
  return everyReading(text);
}
