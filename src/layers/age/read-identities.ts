import { stat } from 'node:fs/promises';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { readWhole } from '../../platform/read-whole.ts';
import type { KeyDescription } from '../../ports/unpacker.ts';
import { wrongIdentity } from './age-failure.ts';

/** What a file of identities holds: keys of age itself, or what only the program age reads. */
export type Identities = {
  readonly own: readonly string[];
  /** For people: an SSH key. */
  readonly forProgram?: string;
};

const sshKey = /^-----BEGIN (?:OPENSSH|RSA|EC) PRIVATE KEY-----/m;
const plugin = /^AGE-PLUGIN-([A-Z0-9+._-]+?)-1/m;

/** One identity a line, as age-keygen writes them; comments begin with #. An SSH key stands alone in its file. */
export async function readIdentities(path: string): Promise<Outcome<Identities>> {
  let text: string;
  try {
    const exposed = await findExposure(path);
    if (exposed !== undefined) return fail(exposed);
    text = String(await readWhole(path));
  } catch (error) {
    return fail(describeFileFailure({ doing: `read the age identities ${path}`, error }));
  }
  const own = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  const named = plugin.exec(text)?.[1]?.toLowerCase();
  if (sshKey.test(text)) return succeed({ own: [], forProgram: 'an SSH key' });
  if (named !== undefined) return succeed({ own, forProgram: `an identity of the plugin ${named}` });
  if (own.length > 0) return succeed({ own });
  return fail(
    wrongIdentity({
      message: `${path} holds no age identity.`,
      remedy:
        'Name a file of age-keygen, an SSH key or an identity of a plugin; one that is locked with a passphrase is opened first: age --decrypt.',
    }),
  );
}

/** As ssh does it: a key that others may read, or that somebody else may change, is no secret to be relied on. */
async function findExposure(path: string): Promise<Failure | undefined> {
  const { mode, uid } = await stat(path);
  const others = (mode & 0o077).toString(8).padStart(2, '0');
  const me = process.getuid?.() ?? uid;
  if (others === '00' && (uid === 0 || uid === me)) return undefined;
  const because =
    others === '00'
      ? `it belongs to user ${uid}, who is neither root nor the user who runs thaw`
      : `its mode ${(mode & 0o777).toString(8).padStart(4, '0')} lets others than its owner at it`;
  return {
    code: 'denied',
    message: `The age identity ${path} is not kept as a secret: ${because}.`,
    remedy: `Run chmod 0400 ${path} and chown root ${path}; if others have read it, make a new key and encrypt to that one.`,
    retry: 'after-fix',
  };
}

/** The public halves: what a backup has to be encrypted to. */
export async function describeIdentities(path: string): Promise<Outcome<KeyDescription>> {
  const identities = await readIdentities(path);
  if (!identities.ok) return identities;
  const { own, forProgram } = identities.value;
  if (forProgram !== undefined) return succeed({ keyIds: [], text: `${forProgram} in ${path}` });
  const { identityToRecipient } = await import('age-encryption');
  try {
    const recipients = await Promise.all(own.map((identity) => identityToRecipient(identity)));
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
