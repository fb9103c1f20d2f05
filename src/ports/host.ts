import type { Outcome } from '../base/failure.ts';
import type { HostClock } from '../base/host-clock.ts';
import type { Guarded } from '../base/permit.ts';
import type { ObjectInfo, ObjectStore } from './object-store.ts';

export type HostFacts = {
  readonly name: string;
  readonly user: string;
  /** Where the SSH session comes from, where there is one. */
  readonly sshFrom?: string;
  readonly pid: number;
  /** How many programs can really run side by side. */
  readonly cores: number;
};

export type DownloadRequest = {
  readonly from: Pick<ObjectStore, 'address' | 'read'>;
  readonly object: ObjectInfo;
  readonly toFile: string;
  readonly onProgress: (bytesDone: number) => void;
  /** No byte for that long on a part: the part is asked for again, then `stalled`. */
  readonly stallMs: number;
  readonly signal?: AbortSignal;
};

export type Downloaded = {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly md5: string;
  /** Bytes that an earlier, interrupted download had already brought. */
  readonly resumedBytes: number;
};

/** What was under the name before: nothing, the same bytes, or others, which are kept under another name now. */
export type PlacedFile =
  | { readonly was: 'absent' | 'equal' }
  | { readonly was: 'other'; readonly keptAs: string };

/** This machine: time, files, free space, a URL seen from here. */
export type HostDriver = {
  readonly facts: HostFacts;
  now(): number;
  readonly clock: HostClock;
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
  /** Bytes free for us on the file system that holds this path (or its nearest existing parent). */
  freeBytes(path: string): Promise<Outcome<number>>;
  /** undefined when there is no such file. */
  fileSize(path: string): Promise<Outcome<number | undefined>>;
  /** SHA-256 in hexadecimal, of the file as it is on the disk now. */
  fileDigest(path: string, signal?: AbortSignal): Promise<Outcome<string>>;
  readTextFile(path: string): Promise<Outcome<string>>;
  /** For this user alone; stands under its name only when it is whole, with the folders above it. */
  writeTextFile(request: { readonly path: string; readonly text: string }): Promise<Outcome<void>>;
  /**
   * Puts bytes under a name, for their owner alone: written beside it, read back, then renamed. Other bytes that are there are
   * kept first, as `keepAs` or that with a number. Called again after a crash at any point it comes to the same end. A symbolic
   * link stays one; the owner of the old file owns the new one.
   */
  placePrivateFile(request: {
    readonly path: string;
    readonly content: Buffer;
    readonly keepAs: string;
  }): Promise<Outcome<PlacedFile>>;
  /** Permission bits, 0o600; undefined when there is no such file. */
  fileMode(path: string): Promise<Outcome<number | undefined>>;
  readHead(path: string, bytes: number): Promise<Outcome<Buffer>>;
  /** Removing what is not there succeeds. */
  removeFile(path: string): Promise<Outcome<void>>;
  /**
   * Ranged, parallel, resumable: parts already on disk are not asked for again. The file stands under its name only
   * when complete.
   */
  download(request: DownloadRequest): Promise<Outcome<Downloaded>>;
  httpGet(request: {
    readonly url: string;
    readonly limitMs: number;
    readonly signal?: AbortSignal;
  }): Promise<
    Outcome<{
      readonly status: number;
      readonly sizeBytes: number;
      readonly sha256: string;
      readonly text: string;
    }>
  >;
};

/** This machine as everybody but its driver has it: removing a file needs leave. */
export type Host = Guarded<HostDriver, 'removeFile'>;
