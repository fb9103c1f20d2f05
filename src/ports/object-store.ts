import type { Readable } from 'node:stream';
import type { Outcome } from '../base/failure.ts';
import type { FilePlace } from '../base/file-place.ts';
import type { Guarded, Permit } from '../base/permit.ts';
import type { Secret } from '../base/secret.ts';

/**
 * Where objects are: the fields of a store in the runbook, filled, with credentials in closed boxes. Only its kind reads more of it
 * than the kind itself (`stores/<kind>/store.ts`).
 */
export type ObjectStoreConfig = { readonly kind: string; readonly [field: string]: unknown };

/** What can be said of a store without asking anybody. */
export type StoreNames = {
  /** For people: s3://bucket at host:port, or the folder. Holds no credential. */
  readonly address: string;
  /** What a person types to overwrite in it: the bucket, the folder's own name, or the remote. */
  readonly name: string;
  /** Where it is a folder of this host. */
  readonly folder?: string;
  /** Where it has accounts of its own: whose key is used, and the fields that make another one out of it. */
  readonly account?: { readonly id: Secret; readonly fields: readonly string[] };
};

/** Settings of a remote by rclone's own names, and what stands before a key. */
export type HandReach = { readonly settings: Readonly<Record<string, string>>; readonly root: string };

export type ObjectInfo = {
  readonly key: string;
  readonly sizeBytes: number;
  /** Without quotes. The MD5 of the content only when it is 32 hex digits and the object is not KMS-encrypted. */
  readonly etag?: string;
  readonly modifiedAtMs: number;
  /** Only when the store says so; GLACIER and DEEP_ARCHIVE cannot be read at once. */
  readonly storageClass?: string;
  /** Of one in cold storage, where it was asked for by itself: whether a copy that can be read is there for a while. A listing tells it not. */
  readonly thaw?: 'none' | 'under-way' | 'done';
};

/** What travels with an object when it is copied to another store. */
export type ObjectAttributes = {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  readonly cacheControl?: string;
  /** When caches let go of it, as HTTP writes a time. */
  readonly expires?: string;
  /** Where a website of the bucket sends whoever asks for it. */
  readonly redirect?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Who may read it beside those whom the bucket lets; left out where nobody. */
  readonly access?: ObjectAccess;
  readonly metadata: Readonly<Record<string, string>>;
  /** What the store has of it and does not tell this credential. */
  readonly untold?: readonly ('tags' | 'access')[];
};

/** Canned ACLs of S3; `other` where none of them says it: a grant to another account. */
export type ObjectAccess = 'public-read' | 'public-read-write' | 'authenticated-read' | 'other';

export type ObjectBody = {
  readonly info: ObjectInfo;
  readonly attributes: ObjectAttributes;
  /**
   * Must be consumed or destroyed, or the connection stays taken. Emits an error when it ends short, stalls or is
   * cancelled; `failureOfBodyError` (base/body-error.ts) finds the failure in it.
   */
  readonly body: Readable;
};

export type ReadRequest = {
  readonly key: string;
  /** First byte wanted; 0 when left out. */
  readonly fromByte?: number;
  /** Last byte wanted, inclusive; the end when left out. */
  readonly toByte?: number;
  /** With tags and access among the attributes, which take requests of their own. */
  readonly allAttributes?: boolean;
  /** Refuse with `conflict` when the object is not this one any more. */
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
};

export type WriteRequest = {
  readonly key: string;
  readonly body: Readable;
  /** Exact: the write fails as `damaged` when the body is shorter or longer, and leaves no object behind. */
  readonly sizeBytes: number;
  readonly attributes: ObjectAttributes;
  readonly signal?: AbortSignal;
};

export type ListRequest = {
  readonly prefix: string;
  /** Tags may be left out: where the store keeps none, it would have to read every object for one. */
  readonly sizesOnly?: boolean;
  readonly signal?: AbortSignal;
};

/** A body whose length nobody knows beforehand: a dump while it is being made. */
export type StreamRequest = Omit<WriteRequest, 'sizeBytes'> & {
  /** A guess, from which the size of the parts is taken; a wrong one costs memory or ends at 10,000 parts. */
  readonly expectedBytes: number;
};

export type ThawRequest = {
  readonly key: string;
  readonly tier: 'Expedited' | 'Standard' | 'Bulk';
  /** How long the copy stays. */
  readonly days: number;
};

/** What makes this store this store: compared between a drill and production, so never a mere name. */
export type StoreIdentity = {
  /** host:port with the default port filled in and loopback names unified, or the real path of the folder. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Of a folder: where it really is, through every link and mount. Devices may be counted anew when the host starts again. */
  readonly place?: FilePlace;
};

export type StoreAccess = {
  readonly identity: StoreIdentity;
  /** The store's clock minus ours, in milliseconds, to a second; undefined where the store shows no clock. */
  readonly clockSkewMs?: number;
  /** Whose credentials they are and where that leads, in words, where the runbook gives none: profile backup of /root/.aws/credentials. */
  readonly credentials?: string;
};

/** What a credential may do; unknown where the store answers in no way we can read. */
export type StoreRights = {
  readonly write: 'yes' | 'no' | 'unknown';
  readonly remove: 'yes' | 'no' | 'unknown';
};

/**
 * A bucket or a folder of objects. Every method reports the world's refusals as failures: unreachable, denied (wrong
 * credential), not-found (bucket or key), conflict (changed meanwhile), damaged (short body), out-of-space.
 */
export type StoreDriver = {
  /** For people: s3://bucket at host:port, or the folder. Holds no credential. */
  readonly address: string;
  /** One cheap authenticated request: does the bucket exist, may we list it, how far are the clocks apart. */
  access(signal?: AbortSignal): Promise<Outcome<StoreAccess>>;
  /** Keys in byte order, a page at a time; ends after the first failure. A page holds at most 1,000. */
  list(request: ListRequest): AsyncIterable<Outcome<readonly ObjectInfo[]>>;
  /** undefined when there is no such object. */
  describe(key: string): Promise<Outcome<ObjectInfo | undefined>>;
  /** All of them; undefined where the store keeps none, nobody gave it any, or there is no such object. */
  attributes(key: string): Promise<Outcome<ObjectAttributes | undefined>>;
  read(request: ReadRequest): Promise<Outcome<ObjectBody>>;
  /** What the store cannot hold of the attributes, or this credential may not give, is left out: ask for them afterwards. */
  write(request: WriteRequest): Promise<Outcome<ObjectInfo>>;
  /**
   * In parts, with bounded memory. The object appears only when the body ended cleanly; a body that breaks off leaves none.
   */
  writeStream(request: StreamRequest): Promise<Outcome<ObjectInfo>>;
  /** Removing what is not there succeeds. `hidden`: the store keeps versions and only put a delete marker in front. */
  remove(key: string): Promise<Outcome<'hidden' | undefined>>;
  /**
   * Everything below a prefix that ends in a slash, and the folder itself where the store has folders. A link is removed,
   * never what it leads to, and a folder that is reached through a link is refused. What is left after a failure is removed
   * by the next call.
   */
  removeFolder(prefix: string): Promise<Outcome<'hidden' | undefined>>;
  /**
   * Asks in ways that leave no object behind: a write whose checksum is wrong, a removal of what was never there (a bucket that
   * keeps versions notes the latter with a delete marker).
   */
  rights(): Promise<Outcome<StoreRights>>;
  /** Asks for a copy that can be read; it comes within minutes or days. Left out where the store has no cold storage. */
  thaw?(request: ThawRequest): Promise<Outcome<void>>;
  /** A URL anyone may GET for that long; a `file:` URL for a folder. */
  signedUrl(request: { readonly key: string; readonly expiresInSeconds: number }): Promise<Outcome<string>>;
  /** Closes connections. */
  close(): void;
};

/** An object whose place is taken by another one. */
export type Replaced = Pick<ObjectInfo, 'key' | 'etag' | 'sizeBytes'>;

/** A store as everybody but its driver has it: what removes an object, or writes over one that people use, needs leave. */
export type ObjectStore = Omit<Guarded<StoreDriver, 'remove' | 'removeFolder'>, 'write'> & {
  /** @param request.over for what is there already and not the run's own. */
  write(
    request: WriteRequest & { readonly over?: Permit<Replaced> | undefined },
  ): Promise<Outcome<ObjectInfo>>;
};
