import type { Readable } from 'node:stream';
import type { Outcome } from '../base/failure.ts';
import type { Layer } from './unpacker.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** For whom a backup is encrypted. Only public keys: whoever makes backups need not be able to open them. */
export type Sealing =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'openpgp';
      /** An armored or binary public key. Left out: `recipient` is looked for in the keyring of gpg. */
      readonly publicKeyFile?: string;
      readonly recipient?: string;
      readonly gnupgHome?: string;
    }
  | { readonly kind: 'age'; readonly recipients: readonly string[] };

export type PackerConfig = { readonly compression: Compression; readonly sealing: Sealing };

export type RecipientDescription = {
  /** For people: fingerprint and user id, or the age recipients. */
  readonly text: string;
  /** Long key ids, upper case; empty for age. */
  readonly keyIds: readonly string[];
};

/** Compresses and encrypts what goes into the backup store. Failures: wrong-key, tool-missing, not-found, command-failed. */
export type Packer = {
  /** Outermost first, as the ending of the key has to say. */
  readonly layers: readonly Layer[];
  /** Proves that the recipient's key is there and fit for encryption; undefined where nothing is encrypted. */
  describeRecipient(): Promise<Outcome<RecipientDescription | undefined>>;
  /**
   * The stream ends cleanly only after everything is packed; an error of the source goes on through it. Destroying it
   * ends the programs that work for it.
   */
  pack(source: Readable): Promise<Outcome<Readable>>;
};
