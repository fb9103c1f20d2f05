import type { Outcome } from '../base/failure.ts';
import type { Guarded } from '../base/permit.ts';

/** What a tree of files holds, folders and links counted apart. */
export type TreeSummary = {
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  readonly sizeBytes: number;
  /** Over path, size, mode and owner of everything in it, in byte order of the paths: two trees are alike or not. */
  readonly listSha256: string;
  /** Over path and content of every file. Left out where the contents were not read. */
  readonly contentSha256?: string;
  /** False where this user may not give files away, so that all of them are its own. */
  readonly ownersKept: boolean;
  /** Files that came with set-user-ID or set-group-ID, which is taken from them. Left out where none did. */
  readonly stripped?: readonly string[];
};

export type Swapping = {
  /** What is to be replaced; need not exist. */
  readonly target: string;
  /** What comes in. On the same file system; below the target where that is a mount point, and then `kept` is, too. */
  readonly incoming: string;
  /** Where the old one is kept. */
  readonly kept: string;
  readonly hadTarget: boolean;
};

/**
 * Trees of files on this host. Failures: invalid-input (a path or a link that would leave the folder, an entry below or over a link,
 * a device, a sparse file; nothing is written then), damaged (a tar that ends early), not-found, denied, out-of-space, conflict, cancelled.
 */
export type TreesDriver = {
  /** Looks through the whole tar first, and writes only when everything in it stays inside of `toFolder`, made anew. */
  unpackTar(request: {
    readonly file: string;
    readonly toFolder: string;
    readonly signal?: AbortSignal;
    readonly onProgress: (bytesDone: number) => void;
  }): Promise<Outcome<TreeSummary>>;
  /**
   * Looks through a tar that another program will unpack, and writes nothing.
   * @param request.tolerated links that may lead anywhere, since whoever asks judges them; nothing may stand below them.
   */
  judgeTar(request: {
    readonly file: string;
    readonly tolerated?: RegExp;
    readonly signal?: AbortSignal;
  }): Promise<Outcome<void>>;
  /** Files, folders, links, owners, modes, times. `toFolder` is made anew. */
  copyFolder(request: {
    readonly fromFolder: string;
    readonly toFolder: string;
    readonly signal?: AbortSignal;
    readonly onProgress: (bytesDone: number) => void;
  }): Promise<Outcome<TreeSummary>>;
  /** @param request.contents whether every byte is read. */
  summarise(request: {
    readonly folder: string;
    readonly contents: boolean;
    readonly signal?: AbortSignal;
  }): Promise<Outcome<TreeSummary>>;
  /** The path of the one file of that name, whichever folder holds it. */
  findFile(request: { readonly folder: string; readonly name: string }): Promise<Outcome<string>>;
  /** With the folders above it; anything that stands there already is removed first. */
  makeFolder(path: string): Promise<Outcome<void>>;
  exists(path: string): Promise<Outcome<boolean>>;
  /** A mount point cannot be renamed. */
  isMountPoint(path: string): Promise<Outcome<boolean>>;
  /** Whether a path leads into a folder, or is it, through every link and mount. Neither has to be there. */
  isWithin(request: { readonly path: string; readonly folder: string }): Promise<Outcome<boolean>>;
  /** Begun and not ended: the place is not whole, and what is beside it must not be removed. */
  isHalfway(swapping: Swapping): Promise<Outcome<boolean>>;
  /** Two renames, or entry by entry in a mount point. Goes on where an earlier attempt was cut off, and is done already where it was not. */
  swap(swapping: Swapping): Promise<Outcome<void>>;
  /** Removes a folder with everything in it. Removing what is not there succeeds. */
  removeFolder(path: string): Promise<Outcome<void>>;
};

/** Trees as everybody but their driver has them: what replaces or removes a folder needs leave. */
export type FileTrees = Guarded<TreesDriver, 'swap' | 'removeFolder'>;
