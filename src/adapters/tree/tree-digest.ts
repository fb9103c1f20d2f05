import { createHash } from 'node:crypto';
import type { TreeSummary } from '../../ports/file-trees.ts';

export type TreeItem = {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly sizeBytes: number;
  /** The permission bits, with setuid and the like. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly linkTo?: string;
  /** Of a file whose content was read. */
  readonly sha256?: string;
};

/** Whether files can be given to other users. */
export function mayGiveAway(): boolean {
  return process.getuid?.() === 0;
}

/**
 * What a tree from outside may bring: a program of it would run with the rights of whoever owns it, for everybody on this host.
 * On a folder the bits mean who owns what is made in it, and stay.
 */
export function keptMode(kind: TreeItem['kind'], mode: number): number {
  return kind === 'file' ? mode & 0o1777 : mode & 0o7777;
}

/** @param stripped files that came with set-user-ID or set-group-ID, and are without it now. */
export function summariseItems(items: readonly TreeItem[], stripped: readonly string[] = []): TreeSummary {
  const sorted = [...items].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const files = sorted.filter(({ kind }) => kind === 'file');
  const ownersKept = mayGiveAway();
  const list = createHash('sha256');
  for (const item of sorted) {
    const owner = ownersKept ? `${item.uid}:${item.gid}` : '';
    // The mode of a link is nobody's.
    const mode = item.kind === 'link' ? (item.linkTo ?? '') : item.mode.toString(8);
    list.update(JSON.stringify([item.path, item.kind, item.sizeBytes, mode, owner]));
  }
  const content = createHash('sha256');
  for (const { path, sha256 } of files) content.update(JSON.stringify([path, sha256]));
  const isRead = files.every(({ sha256 }) => sha256 !== undefined);
  return {
    files: files.length,
    folders: sorted.filter(({ kind }) => kind === 'folder').length,
    links: sorted.filter(({ kind }) => kind === 'link').length,
    sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    listSha256: list.digest('hex'),
    ...(isRead ? { contentSha256: content.digest('hex') } : {}),
    ownersKept,
    ...(stripped.length === 0 ? {} : { stripped: [...stripped].sort() }),
  };
}
