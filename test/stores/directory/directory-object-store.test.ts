import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { failureOfBodyError } from '../../../src/base/body-error.ts';
import type { Outcome } from '../../../src/base/failure.ts';
import type { StoreDriver } from '../../../src/ports/object-store.ts';
import { openStore } from '../../../src/stores/open-store.ts';
import { failureFrom, objectStoreContract, put, valueFrom } from '../../contracts/object-store.contract.ts';
import { objectStreamContract } from '../../contracts/object-stream.contract.ts';

const openFolder = (path: string) =>
  openStore({ kind: 'directory', path }, { processes: createProcessRunner() });

const folderStore = {
  name: 'a folder',
  make: async () => {
    const path = await mkdtemp(join(tmpdir(), 'thaw-store-'));
    const dispose = () => rm(path, { recursive: true, force: true });
    return { store: openFolder(path), dispose };
  },
};
objectStoreContract(folderStore);
objectStreamContract(folderStore);

describe('A folder as a store', () => {
  let base: string;
  let root: string;
  let store: StoreDriver;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'thaw-store-'));
    root = join(base, 'store');
    await mkdir(root);
    await mkdir(join(base, 'outside'));
    await writeFile(join(base, 'outside', 'secret'), 'secret');
    store = openFolder(root);
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  test.each([
    '../outside/secret',
    '/etc/passwd',
    'a/../../outside/secret',
    'a//b',
    './a',
    'folder/',
    '',
    'a\0b',
  ])('refuses the key %j in every way', async (key) => {
    const outcomes: Outcome<unknown>[] = [
      await store.read({ key }),
      await store.describe(key),
      await put(store, key, Buffer.from('x')),
      await store.remove(key),
      await store.signedUrl({ key, expiresInSeconds: 1 }),
    ];
    expect(outcomes.map((outcome) => failureFrom(outcome).code)).toEqual(outcomes.map(() => 'invalid-input'));
    expect(await readFile(join(base, 'outside', 'secret'), 'utf8')).toBe('secret');
  });

  test('refuses links that leave the folder, in reading, writing, removing and listing', async () => {
    await symlink('../outside', join(root, 'way-out'));
    await symlink('../../outside/secret', join(root, 'file-out'));
    expect(failureFrom(await store.read({ key: 'way-out/secret' })).code).toBe('invalid-input');
    expect(failureFrom(await put(store, 'way-out/new/file', Buffer.from('x'))).code).toBe('invalid-input');
    expect(failureFrom(await store.remove('way-out/secret')).code).toBe('invalid-input');
    expect(failureFrom(await store.describe('way-out/secret')).code).toBe('invalid-input');
    const pages = await collect(store, '');
    expect(pages.map((page) => failureFrom(page).code)).toEqual(['invalid-input']);
    expect(await readdir(join(base, 'outside'))).toEqual(['secret']);
  });

  test('follows links that stay inside, and does not walk in circles', async () => {
    await mkdir(join(root, 'real'));
    await writeFile(join(root, 'real', 'a'), 'a');
    await symlink('real', join(root, 'also'));
    const [page] = await collect(store, '');
    expect(page && valueFrom(page).map((object) => object.key)).toEqual(['also/a', 'real/a']);
    await symlink('..', join(root, 'real', 'up'));
    const last = (await collect(store, '')).at(-1);
    expect(last && failureFrom(last).message).toContain('leads back');
  });

  test('keeps a sidecar only for what the name does not tell, and never lists it', async () => {
    await put(store, 'a.pdf', Buffer.from('x'), { contentType: 'application/pdf', metadata: {} });
    expect(await readdir(root)).toEqual(['a.pdf']);
    const plain = valueFrom(await store.read({ key: 'a.pdf' }));
    plain.body.destroy();
    expect(plain.attributes.contentType).toBe('application/pdf');
    await put(store, 'a.pdf', Buffer.from('x'), { contentType: 'application/pdf', metadata: { by: 'me' } });
    expect(await readdir(root)).toContain('.thaw-attributes');
    const [page] = await collect(store, '');
    expect(page && valueFrom(page).map((object) => object.key)).toEqual(['a.pdf']);
    expect(failureFrom(await put(store, '.thaw-attributes/x', Buffer.from('x'))).code).toBe('invalid-input');
  });

  test('sees that a file was changed by somebody else', async () => {
    await put(store, 'k', Buffer.from('one'));
    const before = valueFrom(await store.describe('k'))?.etag ?? '';
    await writeFile(join(root, 'k'), 'two');
    expect(valueFrom(await store.describe('k'))?.etag).not.toBe(before);
    expect(failureFrom(await store.read({ key: 'k', ifMatch: before })).code).toBe('conflict');
  });

  test('tags a file above 64 MiB without reading it, and still notices a change', async () => {
    await writeFile(join(root, 'big'), '');
    await truncate(join(root, 'big'), 65 * 1024 * 1024);
    const tag = valueFrom(await store.describe('big'))?.etag ?? '';
    expect(tag).toContain('-');
    const first = valueFrom(await store.read({ key: 'big', toByte: 0, ifMatch: tag }));
    expect((await buffer(first.body)).length).toBe(1);
    await truncate(join(root, 'big'), 66 * 1024 * 1024);
    expect(failureFrom(await store.read({ key: 'big', ifMatch: tag })).code).toBe('conflict');
  });

  test('ends a body with an error when the file becomes shorter under it', async () => {
    await put(store, 'k', Buffer.alloc(2_000_000, 1));
    const read = valueFrom(await store.read({ key: 'k' }));
    await truncate(join(root, 'k'), 10);
    const error = await buffer(read.body).catch((thrown: unknown) => thrown);
    expect(failureOfBodyError(error)?.code).toBe('damaged');
  });

  test('says conflict where one key is also the folder of another', async () => {
    await put(store, 'a/b', Buffer.from('x'));
    expect(failureFrom(await put(store, 'a', Buffer.from('x'))).code).toBe('conflict');
    expect(failureFrom(await put(store, 'a/b/c', Buffer.from('x'))).code).toBe('conflict');
    expect(valueFrom(await store.describe('a'))).toBeUndefined();
    expect(valueFrom(await store.describe('a/b/c'))).toBeUndefined();
  });

  test('never creates the folder itself, since a disk that is not mounted must not look empty', async () => {
    const missing = openFolder(join(base, 'not-mounted'));
    expect(failureFrom(await missing.access()).code).toBe('not-found');
    expect(failureFrom(await put(missing, 'k', Buffer.from('x'))).code).toBe('not-found');
    expect((await collect(missing, '')).map((page) => failureFrom(page).code)).toEqual(['not-found']);
    expect(await readdir(base)).toEqual(['outside', 'store']);
  });

  test('is one and the same store under a link to it', async () => {
    await symlink(root, join(base, 'alias'));
    const direct = valueFrom(await store.access()).identity;
    const through = valueFrom(await openFolder(join(base, 'alias')).access()).identity;
    expect(through).toEqual(direct);
  });

  test('refuses to list a name that is not UTF-8 rather than leave it out', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'x');
    expect((await collect(store, '')).map((page) => failureFrom(page).code)).toEqual(['invalid-input']);
  });
});

async function collect(store: StoreDriver, prefix: string) {
  const pages = [];
  for await (const page of store.list({ prefix })) pages.push(page);
  return pages;
}
