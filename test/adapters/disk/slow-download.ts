// A program of its own, to be killed in the middle: slow-download.ts STORE KEY FILE

import { createDiskHost } from '../../../src/adapters/disk/disk-host.ts';
import { openDirectoryObjectStore } from '../../../src/stores/directory/directory-object-store.ts';
import { throttle } from './throttled-store.ts';

const [path = '', key = '', toFile = ''] = process.argv.slice(2);
const store = throttle(openDirectoryObjectStore({ path }), 20);
const object = await store.describe(key);
if (!object.ok || object.value === undefined) throw new Error('There is nothing to download.');
await createDiskHost({ env: {} }).download({
  from: store,
  object: object.value,
  toFile,
  stallMs: 10_000,
  onProgress: () => {},
});
