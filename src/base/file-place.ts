/** Where a file or folder really is: which file system, and its path within that one. Two ways to one place have one of these. */
export type FilePlace = { readonly device: string; readonly path: string };

/** The same place, or anywhere below it. */
export function isWithin(inner: FilePlace, outer: FilePlace): boolean {
  if (inner.device !== outer.device) return false;
  return inner.path === outer.path || inner.path.startsWith(`${outer.path.replace(/\/$/, '')}/`);
}
