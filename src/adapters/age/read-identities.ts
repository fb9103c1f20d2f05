import { readFile } from 'node:fs/promises';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import type { KeyDescription } from '../../ports/unpacker.ts';
import { wrongIdentity } from './age-failure.ts';

/** One identity a line, as age-keygen writes them; comments begin with #. */
export async function readIdentities(path: string): Promise<Outcome<readonly string[]>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return fail(describeFileFailure({ doing: `read the age identities ${path}`, error }));
  }
  const identities = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (identities.length > 0) return succeed(identities);
  return fail(
    wrongIdentity({
      message: `${path} holds no age identity.`,
      remedy: 'Name a file of age-keygen; SSH keys and identities locked with a passphrase are not read.',
    }),
  );
}

/** The public halves: what a backup has to be encrypted to. */
export async function describeIdentities(path: string): Promise<Outcome<KeyDescription>> {
  const identities = await readIdentities(path);
  if (!identities.ok) return identities;
  const { identityToRecipient } = await import('age-encryption');
  try {
    const recipients = await Promise.all(identities.value.map((identity) => identityToRecipient(identity)));
    return succeed({ keyIds: [], text: recipients.join(', ') });
  } catch (error) {
    return fail(
      wrongIdentity({
        message: `An age identity in ${path} is malformed.`,
        remedy: 'Make it again with age-keygen.',
        error,
      }),
    );
  }
}
