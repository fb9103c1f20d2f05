import { constants } from 'node:fs';
import { access, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { missingObjectFailure } from '../../base/refused-read.ts';
import { locatePlace } from '../../platform/locate-place.ts';
import type {
  ObjectAttributes,
  ObjectInfo,
  StoreAccess,
  StoreDriver,
  StoreRights,
} from '../../ports/object-store.ts';
import { type ContentTags, createContentTags } from './content-tags.ts';
import { describeFile, listDirectory } from './directory-list.ts';
import { readFromDirectory } from './directory-read.ts';
import { removeFolderFromDirectory, removeFromDirectory } from './directory-remove.ts';
import { writeToDirectory } from './directory-write.ts';
import { keptAttributes } from './sidecar.ts';
import { placeKey, resolveInside, resolveRoot } from './store-paths.ts';

/**
 * A folder as a store of objects: a local or mounted disk, or what the rehearsal uses. Keys are paths below it. The
 * tag of an object is the MD5 of its content up to 64 MiB; above, one made of its size and time, which holds a dash.
 */
export function openDirectoryObjectStore(config: { readonly path: string }): StoreDriver {
  const store = config.path;
  const tags = createContentTags();
  return {
    address: store,
    access: (signal) => accessFolder(store, signal),
    list: (request) => listDirectory({ store, tags, ...request }),
    describe: (key) => describeKey({ store, tags, key }),
    attributes: (key) => attributesOf({ store, key }),
    read: (request) => readFromDirectory({ store, tags, request }),
    write: (request) => writeToDirectory({ store, tags, request }),
    writeStream: (request) => writeToDirectory({ store, tags, request }),
    remove: (key) => removeFromDirectory({ store, key }),
    removeFolder: (prefix) => removeFolderFromDirectory({ store, prefix }),
    rights: () => askRights(store),
    signedUrl: ({ key }) => locateUrl({ store, tags, key }),
    close: () => {},
  };
}

async function accessFolder(store: string, signal?: AbortSignal): Promise<Outcome<StoreAccess>> {
  const doing = `list ${store}`;
  if (signal?.aborted) return fail(cancelledFailure(doing));
  const root = await resolveRoot(store);
  if (!root.ok) return root;
  try {
    if (!(await lstat(root.value)).isDirectory()) return fail(noFolder(doing));
    await access(root.value, constants.R_OK | constants.X_OK);
    return succeed({ identity: { endpoint: root.value, bucket: '', place: await locatePlace(root.value) } });
  } catch (error) {
    return fail(describeFileFailure({ doing, error }));
  }
}

/** Whoever may write into a folder may remove from it. */
async function askRights(store: string): Promise<Outcome<StoreRights>> {
  const root = await resolveRoot(store);
  if (!root.ok) return root;
  const may = await access(root.value, constants.W_OK).then(
    () => 'yes' as const,
    () => 'no' as const,
  );
  return succeed({ write: may, remove: may });
}

type Asked = { readonly store: string; readonly key: string; readonly tags: ContentTags };

async function describeKey(asked: Asked): Promise<Outcome<ObjectInfo | undefined>> {
  const { store, key, tags } = asked;
  const doing = `describe ${join(store, key)}`;
  const place = await placeKey({ store, key, doing });
  if (!place.ok) return place;
  const path = await resolveInside({ ...place.value, doing });
  if (!path.ok || path.value === undefined) return path.ok ? succeed(undefined) : path;
  try {
    return succeed(await describeFile({ key, path: path.value, tags }));
  } catch (error) {
    return fail(describeFileFailure({ doing, error }));
  }
}

async function attributesOf({
  store,
  key,
}: Pick<Asked, 'store' | 'key'>): Promise<Outcome<ObjectAttributes | undefined>> {
  const doing = `describe ${join(store, key)}`;
  const place = await placeKey({ store, key, doing });
  if (!place.ok) return place;
  try {
    return succeed(await keptAttributes({ root: place.value.root, key }));
  } catch (error) {
    return fail(describeFileFailure({ doing, error }));
  }
}

async function locateUrl(asked: Asked): Promise<Outcome<string>> {
  const described = await describeKey(asked);
  if (!described.ok) return described;
  if (described.value === undefined)
    return fail(missingObjectFailure(`give a URL for ${join(asked.store, asked.key)}`));
  const root = await resolveRoot(asked.store);
  return root.ok ? succeed(pathToFileURL(join(root.value, asked.key)).href) : root;
}

function noFolder(doing: string) {
  return {
    code: 'invalid-input',
    message: `Cannot ${doing}: it is not a folder.`,
    remedy: 'Give the path of a folder.',
    retry: 'after-fix',
  } as const;
}
