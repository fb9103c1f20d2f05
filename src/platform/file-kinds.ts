import { stat } from 'node:fs/promises';

/** Whether a file lies there, or a link to one. What cannot be looked at is none: whoever opens it says why. */
export function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** The same of a folder. */
export function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
