import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type GpgKey = {
  readonly fingerprint: string;
  /** Long ids, upper case: the primary key first, then the subkeys. */
  readonly keyIds: readonly string[];
  readonly userId: string;
  readonly passphrase?: string;
};

export type GpgHome = {
  /** A GNUPGHOME of its own. */
  readonly folder: string;
  makeKey(request: {
    readonly userId: string;
    readonly kind: 'rsa' | 'ed25519';
    readonly passphrase?: string;
  }): GpgKey;
  /** Writes the secret key, armored unless told otherwise, and returns the file. */
  exportSecret(key: GpgKey, options?: { readonly binary?: boolean }): string;
  exportPublic(key: GpgKey): string;
  /** @param options more of gpg's options, for example --compress-algo none. */
  encryptTo(keys: readonly GpgKey[], content: Buffer, ...options: readonly string[]): Buffer;
  encryptWithPassphrase(passphrase: string, content: Buffer, ...options: readonly string[]): Buffer;
  /** A file for the test, removed with everything else. */
  file(name: string, content?: Buffer | string): string;
  /** Ends the agent that gpg started for this folder, and removes the folder. */
  remove(): void;
};

/** Of the 65,011,712 that OpenPGP allows; gpg itself takes as many as the host does in a tenth of a second. */
const quickS2k = 65_536;

/** Real keys of the real gpg, in a temporary keyring. */
export function makeGpgHome(): GpgHome {
  // Short, since the sockets of the agent lie in it, and their paths may not be longer than 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'thaw-gpg-'));
  // A test is no burglar: stretching each passphrase for a tenth of a second and more would be most of its time.
  writeFileSync(join(folder, 'gpg-agent.conf'), `s2k-count ${quickS2k}\n`);
  const gpg = (args: readonly string[], input: Buffer | string = ''): Buffer =>
    execFileSync('gpg', ['--homedir', folder, '--batch', '--yes', '--quiet', '--no-tty', ...args], {
      input,
      maxBuffer: 1 << 30,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  const withPassphrase = (passphrase: string) => ['--pinentry-mode', 'loopback', '--passphrase', passphrase];
  const file: GpgHome['file'] = (name, content) => {
    const path = join(folder, name);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  };

  return {
    folder,
    makeKey: ({ userId, kind, passphrase = '' }) => {
      const [primary, sub] = kind === 'rsa' ? ['rsa2048', 'rsa2048'] : ['ed25519', 'cv25519'];
      gpg([...withPassphrase(passphrase), '--quick-generate-key', userId, primary, 'cert,sign', 'never']);
      const fingerprintOf = () =>
        readFingerprint(gpg(['--list-keys', '--with-colons', `=${userId}`]).toString());
      const fingerprint = fingerprintOf();
      gpg([...withPassphrase(passphrase), '--quick-add-key', fingerprint, sub, 'encr', 'never']);
      const listing = gpg(['--list-keys', '--with-colons', fingerprint]).toString();
      const keyIds = [...listing.matchAll(/^(?:pub|sub):(?:[^:]*:){3}([0-9A-F]{16}):/gm)].map(
        ([, id]) => id ?? '',
      );
      return { fingerprint, keyIds, userId, ...(passphrase === '' ? {} : { passphrase }) };
    },
    exportSecret: (key, options = {}) =>
      file(
        `${key.fingerprint}.secret`,
        gpg([
          ...withPassphrase(key.passphrase ?? ''),
          ...(options.binary ? [] : ['--armor']),
          '--export-secret-keys',
          key.fingerprint,
        ]),
      ),
    exportPublic: (key) => file(`${key.fingerprint}.public`, gpg(['--armor', '--export', key.fingerprint])),
    encryptTo: (keys, content, ...options) =>
      gpg(
        [
          '--trust-model',
          'always',
          ...keys.flatMap((key) => ['--recipient', key.fingerprint]),
          ...options,
          '--encrypt',
        ],
        content,
      ),
    encryptWithPassphrase: (passphrase, content, ...options) =>
      gpg(
        [...withPassphrase(passphrase), '--s2k-count', String(quickS2k), ...options, '--symmetric'],
        content,
      ),
    file,
    remove: () => {
      spawnSync('gpgconf', ['--homedir', folder, '--kill', 'gpg-agent']);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

function readFingerprint(listing: string): string {
  const fingerprint = /^fpr:(?:[^:]*:){8}([0-9A-F]{40}):/m.exec(listing)?.[1];
  if (fingerprint === undefined) throw new Error('gpg lists no fingerprint for the key it made.');
  return fingerprint;
}
