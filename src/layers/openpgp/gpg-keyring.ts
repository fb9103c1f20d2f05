import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { KeyConfig, KeyDescription } from '../../ports/unpacker.ts';
import { missingPassphrase, wrongKey, wrongPassphrase } from '../unpack-failure.ts';
import type { GpgHome } from './gpg-home.ts';
import { type GpgStatus, isBadPassphrase, readStatusLine } from './gpg-status.ts';

type SecretKey = {
  readonly fingerprint: string;
  readonly keyIds: readonly string[];
  readonly userId: string;
};

type Gpg = Pick<GpgHome, 'gpg'>;

/** The secret keys of a keyring. Its listing with colons is made for programs (doc/DETAILS of GnuPG). */
export async function listSecretKeys({ gpg }: Gpg): Promise<Outcome<readonly SecretKey[]>> {
  const listed = await gpg({ args: ['--with-colons', '--list-secret-keys'] });
  return listed.ok ? succeed(readSecretKeys(listed.value.stdout)) : listed;
}

function readSecretKeys(listing: string): readonly SecretKey[] {
  const keys: { fingerprint: string; keyIds: string[]; userId: string }[] = [];
  for (const line of listing.split('\n')) {
    const fields = line.split(':');
    const id = fields[4] ?? '';
    const value = fields[9] ?? '';
    if (fields[0] === 'sec') keys.push({ fingerprint: '', keyIds: [id], userId: '' });
    const key = keys.at(-1);
    if (key === undefined) continue;
    if (fields[0] === 'ssb') key.keyIds.push(id);
    if (fields[0] === 'fpr' && key.fingerprint === '') key.fingerprint = value;
    // Colons within a user id are written as \x3a.
    if (fields[0] === 'uid' && key.userId === '') key.userId = value.replaceAll('\\x3a', ':');
  }
  return keys;
}

/** Lists the keys and proves that at least one of them can be unlocked. */
export async function describeKeyring(
  home: Gpg,
  { passphrase }: Pick<KeyConfig, 'passphrase'>,
): Promise<Outcome<KeyDescription>> {
  const listed = await listSecretKeys(home);
  if (!listed.ok) return listed;
  const keys = listed.value;
  if (keys.length === 0) {
    if (passphrase !== undefined) {
      return succeed({ keyIds: [], text: 'a passphrase alone, for backups encrypted with it' });
    }
    return fail(
      wrongKey({
        message: 'The keyring of gpg on this host holds no secret key.',
        remedy: 'Import the secret key with gpg --import, or name its file as the private key file.',
      }),
    );
  }
  const answers: string[] = [];
  for (const key of keys) {
    const answer = await unlock(home, key);
    if (!answer.ok) return answer;
    answers.push(answer.value);
  }
  const opened = keys.filter((_key, index) => answers[index] === 'unlocked');
  if (opened.length > 0) {
    return succeed({
      keyIds: opened.flatMap((key) => key.keyIds),
      text: opened.map((key) => `${key.fingerprint} ${key.userId}`.trim()).join(', '),
    });
  }
  const names = keys.map((key) => key.keyIds[0]).join(' and ');
  if (answers.includes('wrong passphrase')) return fail(wrongPassphrase(`the secret key ${names}`));
  return fail(missingPassphrase(`The secret key ${names}`));
}

/** With --dry-run, --passwd changes nothing and only proves the passphrase (gpg(1)). Its exit status is always 0. */
async function unlock(
  home: Gpg,
  key: SecretKey,
): Promise<Outcome<'unlocked' | 'wrong passphrase' | 'locked'>> {
  const proof = await home.gpg({ args: ['--dry-run', '--passwd', key.fingerprint] });
  if (!proof.ok) return proof;
  const statuses = readStatuses(proof.value.stderr);
  if (statuses.some((status) => status.keyword === 'SUCCESS')) return succeed('unlocked');
  if (statuses.some((status) => status.keyword === 'ERROR' && isBadPassphrase(status)))
    return succeed('wrong passphrase');
  const opened = await openedByAgent(home, key);
  return opened.ok ? succeed(opened.value ? 'unlocked' : 'locked') : opened;
}

/** The agent may remember the passphrase: then a message to the key can be opened without one. */
async function openedByAgent({ gpg }: Gpg, key: SecretKey): Promise<Outcome<boolean>> {
  const sealed = await gpg({
    args: ['--armor', '--trust-model', 'always', '--recipient', key.fingerprint, '--encrypt'],
    input: 'thaw',
  });
  if (!sealed.ok || sealed.value.exitCode !== 0) return sealed.ok ? succeed(false) : sealed;
  const opened = await gpg({ args: ['--decrypt'], input: sealed.value.stdout });
  return opened.ok ? succeed(opened.value.stdout === 'thaw') : opened;
}

function readStatuses(words: string): readonly GpgStatus[] {
  return words.split('\n').flatMap((line) => readStatusLine(line) ?? []);
}
