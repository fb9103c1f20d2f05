import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import type { KeyConfig } from '../../ports/unpacker.ts';
import { wrongKey } from '../unpack-failure.ts';
import { readStatusLine } from './gpg-status.ts';

export type GpgHome = {
  /** What every call of gpg needs here: GNUPGHOME, the language, and how to come by the passphrase. */
  readonly env: Readonly<Record<string, string>>;
  readonly options: readonly string[];
  /** Ends the agent we caused, and removes key and passphrase from the disk. */
  remove(): Promise<void>;
};

/** gpg-agent opens sockets in it, whose paths may have at most 107 bytes. */
const longestParent = 70;

/**
 * The keyring gpg is to use: a temporary one with the key of the file in it, or the one of this host. The passphrase
 * goes into a file that only we can read: arguments are visible to everybody on the host.
 */
export async function openGpgHome(request: {
  readonly config: KeyConfig;
  readonly processes: ProcessRunner;
}): Promise<Outcome<GpgHome>> {
  const { config, processes } = request;
  const parent = tmpdir().length <= longestParent ? tmpdir() : '/tmp';
  // mkdtemp makes it readable by us alone.
  const folder = await mkdtemp(join(parent, 'thaw-gpg-'));
  const ownsHome = config.privateKeyFile !== undefined;
  const home = ownsHome ? folder : config.gnupgHome;
  const env = { LC_ALL: 'C', ...(home === undefined ? {} : { GNUPGHOME: home }) };
  const passphraseFile = join(folder, 'passphrase');
  const options = ['--batch', '--no-tty', '--status-fd', '2'];
  if (config.passphrase === undefined) {
    // It must not ask: nobody could see the question, and a smartcard counts failed attempts.
    options.push('--pinentry-mode', 'error');
  } else {
    await writeFile(passphraseFile, config.passphrase.reveal(), { mode: 0o600 });
    options.push('--pinentry-mode', 'loopback', '--passphrase-file', passphraseFile);
  }
  const remove = async () => {
    if (ownsHome) await processes.run({ program: 'gpgconf', args: ['--kill', 'gpg-agent'], env });
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  if (config.privateKeyFile !== undefined) {
    const args = [...options, '--import', config.privateKeyFile];
    const imported = await processes.run({ program: 'gpg', args, env });
    const failure = imported.ok
      ? hasSecretKey(imported.value.stderr)
        ? undefined
        : wrongKey({
            message: `gpg finds no secret key in ${config.privateKeyFile}.`,
            remedy: 'Export the secret key with gpg --armor --export-secret-keys KEY and name that file.',
            detail: imported.value.stderr.trim(),
          })
      : imported.failure;
    if (failure !== undefined) {
      await remove();
      return fail(failure);
    }
  }
  return succeed({ env, options, remove });
}

/** IMPORT_OK is a set of flags; 16 says that a secret key came along. */
function hasSecretKey(words: string): boolean {
  return words.split('\n').some((line) => {
    const status = readStatusLine(line);
    return status?.keyword === 'IMPORT_OK' && (Number(status.words[0]) & 16) !== 0;
  });
}
