import { lstat, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { folderFailure } from '../../base/folder-prefix.ts';
import { errorCode } from '../../base/thrown.ts';
import { forgetAttributes } from './sidecar.ts';
import { placeKey, refuseKey, resolveInside } from './store-paths.ts';

export async function removeFromDirectory(asked: {
  readonly store: string;
  readonly key: string;
}): Promise<Outcome<undefined>> {
  const { store, key } = asked;
  const doing = `remove ${join(store, key)}`;
  const place = await placeKey({ store, key, doing });
  if (!place.ok) return place;
  const { root, path } = place.value;
  const folder = await resolveInside({ root, path: dirname(path), doing });
  if (!folder.ok || folder.value === undefined) return folder.ok ? succeed(undefined) : folder;
  try {
    // A folder is no object. A link is removed itself, never what it leads to.
    if (!(await lstat(path)).isDirectory()) await unlink(path);
    await forgetAttributes({ root, key });
    return succeed(undefined);
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? succeed(undefined) : fail(describeFileFailure({ doing, error }));
  }
}

/**
 * Snapshots made with hard links share their files: each name goes by itself, and the file stays as long as another snapshot
 * names it. A folder reached through a link is a second name of somebody else's.
 */
export async function removeFolderFromDirectory(asked: {
  readonly store: string;
  readonly prefix: string;
}): Promise<Outcome<undefined>> {
  const { store, prefix } = asked;
  const doing = `remove ${join(store, prefix)}`;
  const refused = folderFailure(store, prefix);
  if (refused !== undefined) return fail(refused);
  const place = await placeKey({ store, key: prefix.slice(0, -1), doing });
  if (!place.ok) return place;
  const { path } = place.value;
  const real = await resolveInside({ ...place.value, doing });
  if (!real.ok || real.value === undefined) return real.ok ? succeed(undefined) : real;
  if (real.value !== path) return fail(refuseKey(doing, `a link leads to ${real.value} there`));
  try {
    if (!(await lstat(path)).isDirectory()) return succeed(undefined);
    await rm(path, { recursive: true, force: true });
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing, error }));
  }
}
