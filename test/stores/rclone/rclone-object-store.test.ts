import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../../src/base/secret.ts';
import { openStore } from '../../../src/stores/open-store.ts';
import { failureFrom, objectStoreContract, put, valueFrom } from '../../contracts/object-store.contract.ts';

const processes = createProcessRunner();

/** A configuration with a plain remote and a crypt one over the same folder. */
function makeRemotes(folder: string): { readonly configFile: string; readonly data: string } {
  const data = join(folder, 'data');
  mkdirSync(data);
  const configFile = join(folder, 'rclone.conf');
  const password = execFileSync('rclone', ['obscure', 'the password of the crypt'], {
    encoding: 'utf8',
  }).trim();
  writeFileSync(
    configFile,
    `[disk]\ntype = alias\nremote = ${data}\n\n[hidden]\ntype = crypt\nremote = ${data}\npassword = ${password}\n`,
  );
  return { configFile, data };
}

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'thaw-rclone-'));
}

objectStoreContract({
  name: 'a remote of rclone',
  cannot: ['keep attributes', 'sign URLs'],
  make: async () => {
    const folder = makeFolder();
    const { configFile, data } = makeRemotes(folder);
    const store = openStore({ kind: 'rclone', remote: 'disk:', configFile }, { processes });
    return {
      store,
      fill: async (keys) => {
        for (const key of keys) {
          mkdirSync(dirname(join(data, key)), { recursive: true });
          writeFileSync(join(data, key), key);
        }
      },
      dispose: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
});

describe('A crypt remote', () => {
  let folder = '';
  let configFile = '';
  let data = '';
  const open = (remote: string) => openStore({ kind: 'rclone', remote, configFile }, { processes });
  beforeEach(() => {
    folder = makeFolder();
    ({ configFile, data } = makeRemotes(folder));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('hides names and contents from whoever holds the storage, and gives them back, in ranges too', async () => {
    const content = Buffer.from('a picture that nobody else may see '.repeat(5000));
    const written = valueFrom(await put(open('hidden:2026'), 'media/a b.jpg', content));
    expect(written).toMatchObject({ key: 'media/a b.jpg', sizeBytes: content.length });
    expect(written.etag).toContain('-');
    const kept = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(kept).toHaveLength(1);
    expect(JSON.stringify(kept)).not.toContain('jpg');
    const [file] = kept;
    expect(readFileSync(join(file?.parentPath ?? '', file?.name ?? '')).includes('picture')).toBe(false);
    const store = open('hidden:');
    const read = valueFrom(await store.read({ key: '2026/media/a b.jpg', fromByte: 100_000 }));
    expect((await buffer(read.body)).equals(content.subarray(100_000))).toBe(true);
    for await (const page of store.list({ prefix: '2026/' }))
      expect(valueFrom(page)).toMatchObject([{ key: '2026/media/a b.jpg', sizeBytes: content.length }]);
  });

  test('with a byte changed in the storage breaks off instead of handing it on', async () => {
    const content = Buffer.alloc(300_000, 'x');
    valueFrom(await put(open('hidden:'), 'k', content));
    const [name = ''] = readdirSync(data);
    const bytes = readFileSync(join(data, name));
    bytes[200_000] = (bytes[200_000] ?? 0) ^ 1;
    writeFileSync(join(data, name), bytes);
    const read = valueFrom(await open('hidden:').read({ key: 'k' }));
    const error = await buffer(read.body).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
  });

  test('says what is wrong: no such remote, no such folder, no rclone, a key that climbs', async () => {
    expect(failureFrom(await open('nobody:').access()).code).toBe('invalid-input');
    expect(failureFrom(await open('disk:nowhere').access()).code).toBe('not-found');
    for await (const page of open('disk:nowhere').list({ prefix: '' }))
      expect(failureFrom(page).code).toBe('not-found');
    const without = openStore(
      { kind: 'rclone', remote: 'disk:', configFile },
      {
        processes: {
          run: (request) => processes.run({ ...request, env: { ...request.env, PATH: '/nowhere' } }),
        },
      },
    );
    expect(failureFrom(await without.access())).toMatchObject({
      code: 'tool-missing',
      remedy: expect.stringContaining('rclone'),
    });
    expect(failureFrom(await open('disk:').read({ key: '../rclone.conf' })).code).toBe('invalid-input');
  });

  test('with an encrypted configuration and no password, or a wrong one, is refused at once', async () => {
    const sealed = Buffer.alloc(120, 7).toString('base64');
    writeFileSync(configFile, `# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n${sealed}\n`);
    const config = { remote: 'disk:', configFile };
    for (const given of [{}, { configPassword: createSecret('wrong-one') }]) {
      const store = openStore({ kind: 'rclone', ...config, ...given }, { processes });
      const failure = failureFrom(await store.access());
      expect(failure.message).toContain('disk:');
      expect(JSON.stringify(failure)).not.toContain('wrong-one');
    }
  });
});
