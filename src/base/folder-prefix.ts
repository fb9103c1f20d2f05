import type { Failure } from './failure.ts';

/** Why a prefix names no folder: a removal below `pg/h1` would take `pg/h10` with it, and one below nothing the whole store. */
export function folderFailure(place: string, prefix: string): Failure | undefined {
  const isFolder =
    prefix.endsWith('/') &&
    !prefix
      .split('/')
      .slice(0, -1)
      .some((part) => /^\.{0,2}$/.test(part));
  if (isFolder) return undefined;
  return {
    code: 'invalid-input',
    message: `Cannot remove all below ${place}: ${JSON.stringify(prefix)} is no plain path that ends in a slash.`,
    remedy: 'Name one folder of the store.',
    retry: 'never',
  };
}
