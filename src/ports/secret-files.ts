import type { Outcome } from '../base/failure.ts';

export type SecretFileFormat = 'dotenv' | 'yaml' | 'json' | 'binary';

/** A file of secrets that is encrypted in itself, so that it can lie in a repository, and the key that opens it. */
export type SealedFile = {
  readonly path: string;
  readonly format: SecretFileFormat;
  /** A file of age identities (AGE-SECRET-KEY-1…), kept as a secret. */
  readonly identityFile: string;
};

export type OpenedFile = {
  readonly content: Buffer;
  /** Every value by its name, db.password in a tree; the whole text under no name where the format has none. */
  readonly values: ReadonlyMap<string, string>;
};

/**
 * Opens sealed files, in memory. Failures: tool-missing, denied (a key that others may read), not-found, invalid-input (no
 * sealed file), wrong-key, damaged (cut short, or changed after it was encrypted).
 */
export type SecretFiles = {
  /** The command as it will run. */
  describe(sealed: SealedFile): string;
  /** What opening takes, each by itself: the program, the key, the file and whom it is for. Opens nothing. */
  inspect(sealed: SealedFile): Promise<readonly Outcome<string>[]>;
  /** Only what was authenticated as a whole. */
  open(request: { readonly sealed: SealedFile; readonly signal: AbortSignal }): Promise<Outcome<OpenedFile>>;
};
