import type { Readable } from 'node:stream';
import type { Outcome } from '../base/failure.ts';
import type { Layer } from './unpacker.ts';

/** For whom a backup is encrypted: what `producer.encrypt` says, filled. Only the layer of that kind reads more of it. */
export type Sealing = { readonly kind: string; readonly [field: string]: unknown };

/** Both by the name of a layer, or `none`. */
export type PackerConfig = { readonly compression: string; readonly sealing: Sealing };

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
