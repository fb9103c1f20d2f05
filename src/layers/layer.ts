import type { Readable, Transform } from 'node:stream';
import type { z } from 'zod';
import type { Failure, Outcome } from '../base/failure.ts';
import type { RecipientDescription, Sealing } from '../ports/packer.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { KeyConfig, KeyDescription } from '../ports/unpacker.ts';

/**
 * One kind of wrapping of a dump, in one file that says all about it. Everything else is read from the list of them
 * (`list.ts`): the endings that a key layout knows, what `producer.compression` and `producer.encrypt` take, the reference.
 */
export type LayerKind = Compression | Encryption;

type Described = {
  /** As manifests and runbooks call it. */
  readonly name: string;
  /** One sentence, for the reference. */
  readonly about: string;
  /** Of a key, without the dot. The first is the one that a new dump gets, the others are read as well. */
  readonly endings: readonly [string, ...string[]];
  /** How its content begins. */
  readonly magic: {
    /** For people: the bytes 1f 8b. */
    readonly text: string;
    /** @param head the first bytes, 64 or fewer. */
    fits(head: Buffer): boolean;
    /** The layer reads its beginning itself, and says better what is wrong with it. */
    readonly judgedInside?: true;
  };
  open(packed: PackedSource): Promise<Outcome<OpenedLayer>>;
  /** The same without thaw: reads what is packed, writes what is in it. With the package of Debian that brings it. */
  readonly byHand: { readonly command: string; readonly needs: string };
  /** What an error of its stream means; undefined for one that is not its own. */
  explain?(error: unknown): Failure | undefined;
  /** What the file itself tells about it, once it was found damaged; undefined when that is nothing new. */
  diagnose?(file: string, failure: Failure): Promise<Failure | undefined>;
};

export type Compression = Described & {
  readonly does: 'compresses';
  /** A stage that compresses what is written into it. */
  compress(): Transform;
};

export type Encryption = Described & {
  readonly does: 'encrypts';
  /** For a narrow column: gpg. */
  readonly short: string;
  /** Whether the runbook names a key of this kind. */
  hasKey(keys: KeyConfig): boolean;
  /** Reads the key and unlocks it; proves the passphrase. */
  describeKey(keys: KeyConfig, processes: ProcessRunner): Promise<Outcome<KeyDescription>>;
  readonly seal: Sealer;
  /** Of two programs that can open it, the second is asked where the first may be wrong (`doubted`). */
  readonly second?: {
    isHere(processes: ProcessRunner): Promise<boolean>;
    /** Without the second nobody can tell whether it is damaged. */
    missing(file: string, detail: string | undefined): Failure;
    /** Whose word did not count, for people: openpgp.js. */
    readonly first: string;
  };
};

/** Encrypts for public keys: whoever makes backups need not be able to open them. */
type Sealer = {
  /** What `producer.encrypt` takes for it. */
  readonly schema: z.ZodObject<{ kind: z.ZodLiteral<string> }>;
  /** No recipient came out of the placeholders: then nothing is encrypted. Left out where that cannot be. */
  isEmpty?(sealing: Sealing): boolean;
  /** Proves that the recipient's key is there and fit for encryption. */
  describe(sealing: Sealing, processes: ProcessRunner): Promise<Outcome<RecipientDescription>>;
  /** Ends cleanly only after the source did and everything is encrypted. */
  pack(sealing: Sealing, work: SealWork): Promise<Outcome<Readable>>;
};

type SealWork = { readonly source: Readable; readonly processes: ProcessRunner };

type PackedSource = {
  readonly source: Readable;
  readonly keys: KeyConfig;
  readonly processes: ProcessRunner;
  /** Of what is packed, where it is known. */
  readonly sizeBytes?: number | undefined;
  /** The first program failed on it already. */
  readonly onlySecond?: boolean | undefined;
};

export type OpenedLayer = {
  /** Ends cleanly only when all of it is proven whole; fails with a failure inside otherwise. */
  readonly stream: Readable;
  /** When whatever was put on the disk for it, keys included, is gone again. */
  readonly settled?: Promise<void>;
  /** What opens it, for people: zlib. */
  readonly engine: string;
};

const doubtful = new WeakSet<Failure>();

/** Marks a failure that may be that of the program which opens, and not of what it was given to open. */
export function doubted(failure: Failure): Failure {
  doubtful.add(failure);
  return failure;
}

export function isDoubted(failure: Failure): boolean {
  return doubtful.has(failure);
}
