import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Permit } from '../../src/base/permit.ts';
import { createSecret } from '../../src/base/secret.ts';
import { resolveStore } from '../../src/kinds/targets.ts';
import { createWorld } from '../../src/registry/wire.ts';
import { nameStore, stores } from '../../src/stores/list.ts';

describe.each(stores.map((store) => ({ store, kind: store.kind })))(
  'The store kind $kind',
  ({ store, kind }) => {
    it('names itself without a secret, whether its fields are boxed, or placeholders still', () => {
      const filled = Object.fromEntries(
        Object.entries(store.example).map(([name, value]) => [
          name,
          store.secrets.includes(name) ? createSecret(`canary-${name}`) : value,
        ]),
      );
      const config = { ...filled, kind };
      const { address, name } = nameStore(config);
      expect(name).not.toBe('');
      expect(JSON.stringify([address, name, config])).not.toContain('canary');
      expect(nameStore(resolveStore(config)).address).toBe(address);
      const world = createWorld({});
      expect(world.openStore(config).address).toBe(address);
    });

    it('keeps the promises of every store: its tests run the contract', () => {
      const folder = `test/stores/${kind}`;
      const tests = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
      expect(tests.filter((text) => /^\s*objectStoreContract\(/m.test(text))).not.toEqual([]);
    });
  },
);

it('a value that comes out empty is refused by every method, with the name of the field', async () => {
  const store = createWorld({}).openStore({ kind: 'directory', path: '' });
  for (const outcome of [
    await store.access(),
    await store.read({ key: 'k' }),
    await store.remove(new Permit('k')),
  ]) {
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'invalid-input', retry: 'after-fix' } });
    expect(JSON.stringify(outcome)).toContain('path');
  }
  for await (const page of store.list({ prefix: '' })) expect(page.ok).toBe(false);
});
