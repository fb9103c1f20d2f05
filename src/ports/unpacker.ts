import type { Readable } from 'node:stream';
import type { Outcome } from '../base/failure.ts';
import type { Secret } from '../base/secret.ts';

/** One wrapping of a dump, by the name that `layers/list.ts` gives it. Several stand outermost first: a `.dump.gz.gpg` is ['openpgp', 'gzip']. */
export type Layer = string;

export type KeyConfig = {
  /** An OpenPGP secret key, armored or binary. Left out: the keyring of the gpg on this host. */
  readonly privateKeyFile?: string;
  /** Of the key, or of the message when it was encrypted with a passphrase alone. */
  readonly passphrase?: Secret;
  /** GNUPGHOME of the keyring; the user's own when left out. */
  readonly gnupgHome?: string;
  /** A file of age identities (AGE-SECRET-KEY-1…), for backups encrypted with age. */
  readonly ageIdentityFile?: string;
};

export type KeyDescription = {
  /** Long key ids of the secret keys at hand, upper case, primary and subkeys. */
  readonly keyIds: readonly string[];
  /** For people: fingerprint and user id. */
  readonly text: string;
};

export type UnpackRequest = {
  readonly fromFile: string;
  /** Written as a temporary file beside it and renamed only after the clean, authenticated end. */
  readonly toFile: string;
  readonly layers: readonly Layer[];
  readonly signal?: AbortSignal;
  /** Bytes of `fromFile` read so far. */
  readonly onProgress: (bytesRead: number) => void;
};

export type Unpacked = { readonly sizeBytes: number; readonly sha256: string; readonly engine: string };

/**
 * Opens backups. Failures: wrong-key (names the key the message wants and the key at hand, or the wrong passphrase),
 * damaged (authentication failed, truncated, bad gzip), tool-missing, not-found (key file), out-of-space.
 */
export type Unpacker = {
  /** Reads the key at hand and unlocks it; proves the passphrase. */
  describeKey(): Promise<Outcome<KeyDescription>>;
  /**
   * Opens just enough to return the first `wantBytes` of content. What it returns is not authenticated yet: fit for
   * looking at a header, never to be handed on. Destroys `body`.
   */
  peek(request: {
    readonly body: Readable;
    readonly layers: readonly Layer[];
    readonly wantBytes: number;
  }): Promise<Outcome<Buffer>>;
  /**
   * Hands on the content as it arrives, to its end, which is judged as that of `unpack`; for looking at, and kept nowhere.
   *
   * @param request.open gives the body from its first byte on; asked again where a second program is tried.
   * @param request.take may stop before the end: then that is not judged.
   */
  read<T>(request: {
    open(): Promise<Outcome<Readable>>;
    readonly layers: readonly Layer[];
    take(content: AsyncIterable<Buffer>): Promise<Outcome<T>>;
  }): Promise<Outcome<T>>;
  unpack(request: UnpackRequest): Promise<Outcome<Unpacked>>;
};
