/** What stands in a folder that is swapped by its content: what comes in and what is kept, each in a folder of this kind. */
const ours = '.thaw.';

/**
 * Names at the top of a tree that are no part of it: our own folders, and what the file system of a volume makes at its root,
 * which only root may open. They are left where they are, and left out where they are in an archive.
 */
export function isNotContent(topName: string): boolean {
  return topName.startsWith(ours) || topName === 'lost+found';
}
