import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../base/failure.ts';
import { succeed } from '../base/failure.ts';
import { runProgram } from './start-program.ts';

const quickS2k = 65_536;

type GpgKeyRequest = {
  /** Made if absent. Keep its path under 80 characters: gpg-agent opens a socket in it. */
  readonly gnupgHome: string;
  /** The address in the key's user id, and what `--recipient` names. */
  readonly recipient: string;
  /** Without protection when left out. */
  readonly passphrase?: string;
  /** Where the armored secret key goes, readable by us alone. */
  readonly secretKeyFile: string;
};

type GpgKey = { readonly fingerprint: string };

/** Makes a real key pair and leaves no agent behind. The passphrase travels on standard input only. */
export async function makeGpgKey(request: GpgKeyRequest): Promise<Outcome<GpgKey>> {
  await mkdir(request.gnupgHome, { recursive: true });
  await chmod(request.gnupgHome, 0o700);
  // The key is gone with the sandbox: making its passphrase hard to guess would only make the rehearsal slow.
  await writeFile(join(request.gnupgHome, 'gpg-agent.conf'), `s2k-count ${quickS2k}\n`);
  try {
    return await makeAndExport(request);
  } finally {
    await endGpgAgent(request.gnupgHome);
  }
}

/** Ends the agent of one GNUPGHOME. gpg starts one without being asked, and it outlives the command. */
export async function endGpgAgent(gnupgHome: string): Promise<void> {
  await runProgram({ program: 'gpgconf', args: ['--kill', 'all'], env: { GNUPGHOME: gnupgHome } });
}

async function makeAndExport(request: GpgKeyRequest): Promise<Outcome<GpgKey>> {
  const env = { GNUPGHOME: request.gnupgHome };
  const quiet = ['--batch', '--no-tty', '--quiet', '--pinentry-mode', 'loopback'];
  const made = await runProgram({
    program: 'gpg',
    args: [...quiet, '--generate-key'],
    env,
    input: keyDescription(request),
  });
  if (!made.ok) return made;
  const listed = await runProgram({
    program: 'gpg',
    args: [...quiet, '--with-colons', '--list-secret-keys', request.recipient],
    env,
  });
  if (!listed.ok) return listed;
  const exported = await runProgram({
    program: 'gpg',
    args: [...quiet, '--passphrase-fd', '0', '--armor', '--export-secret-keys', request.recipient],
    env,
    input: `${request.passphrase ?? ''}\n`,
  });
  if (!exported.ok) return exported;
  await writeFile(request.secretKeyFile, exported.value, { mode: 0o600 });
  return succeed({ fingerprint: /^fpr:+([0-9A-F]+):/m.exec(listed.value)?.[1] ?? '' });
}

/** Elliptic curves, because a rehearsal should not wait for RSA primes. */
function keyDescription(request: GpgKeyRequest): string {
  return [
    'Key-Type: eddsa',
    'Key-Curve: ed25519',
    'Key-Usage: sign',
    'Subkey-Type: ecdh',
    'Subkey-Curve: cv25519',
    'Subkey-Usage: encrypt',
    'Name-Real: Rehearsal backups',
    `Name-Email: ${request.recipient}`,
    'Expire-Date: 0',
    request.passphrase === undefined ? '%no-protection' : `Passphrase: ${request.passphrase}`,
    '%commit',
    '',
  ].join('\n');
}
