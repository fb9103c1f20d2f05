import { describe, expect, it } from 'vitest';
import { kitNamespace } from '../../src/backups/kit.ts';
import { fail, succeed } from '../../src/base/failure.ts';
import { makeKeyPair, readPrivateKey } from '../../src/base/ssh-key.ts';
import { makeSshSignature } from '../../src/base/ssh-signature.ts';
import { clearKits } from '../../src/producer/clear-kits.ts';
import { makeKit } from '../../src/producer/make-kit.ts';
import { guardStore } from '../../src/registry/with-permits.ts';
import { createFakeObjectStore } from '../fakes/fake-object-store.ts';

const hourMs = 3_600_000;
const firstMs = Date.parse('2026-11-01T00:00:00Z');

function makeStand() {
  const memory = createFakeObjectStore({ name: 'backups', now: () => firstMs });
  const store = guardStore(memory);
  const lines: string[] = [];
  const onLine = (line: string) => void lines.push(line);
  const keys = () => Object.keys(memory.contents()).filter((key) => key.startsWith('thaw-kit/shop/'));
  const keyOf = (comment: string) => {
    const { privateText, fingerprint } = makeKeyPair(comment);
    const pair = readPrivateKey(privateText);
    if (pair === undefined) throw new Error('The new key cannot be read');
    const sign = async (message: string) =>
      succeed(makeSshSignature(pair, { namespace: kitNamespace, message }));
    return { fingerprint, sign };
  };
  const own = keyOf('own');
  const make = async (hours: number, files: Readonly<Record<string, string>>, key = own) => {
    const about = {
      ...{ name: 'shop', title: 'Shop', folder: 'shop', thawVersion: '0.1.0' },
      ...{ asks: [], left: [], images: [] },
    };
    const contents = Object.entries(files).map(([path, text]) => ({
      path,
      role: 'services' as const,
      content: Buffer.from(text),
    }));
    const nowMs = firstMs + hours * hourMs;
    const made = await makeKit({
      store,
      about,
      contents,
      stored: [],
      pages: () => [],
      sign: key.sign,
      nowMs,
      onLine,
    });
    if (!made.ok) throw new Error(made.failure.message);
    return made.value;
  };
  return { memory, store, lines, onLine, keys, keyOf, own, make };
}

describe('Earlier kits', () => {
  it('go a day later, with the files that only they name; what anything else names or nobody signed for stays', async () => {
    const { memory, store, lines, onLine, keys, keyOf, own, make } = makeStand();
    await make(0, { 'compose.yml': 'one', thaw: 'the program' });
    const stranger = await make(1, { 'compose.yml': 'of a stranger' }, keyOf('stranger'));
    await make(20, { 'compose.yml': 'twenty', thaw: 'the program' });
    memory.place('thaw-kit/shop/files/0123456789abcdef/by-hand.txt', { content: 'by hand' });
    memory.place('thaw-kit/shop/RECOVER.md', { content: 'the page' });
    memory.place('thaw-kit/other/20261101T000000Z.kit.json', { content: '{}' });
    memory.place('pg/shop-1/20261101.dump', { content: 'a dump' });
    const before = keys();
    const made = await make(30, { 'compose.yml': 'thirty', thaw: 'the program' });
    await clearKits({ store, made, signers: new Set([own.fingerprint]), onLine });
    const texts = Object.values(memory.contents());
    expect(texts).not.toContain('one');
    expect(texts).toEqual(
      expect.arrayContaining([
        ...['of a stranger', 'twenty', 'thirty', 'the program', 'by hand', 'the page', 'a dump', '{}'],
      ]),
    );
    expect(before.filter((key) => !keys().includes(key)).sort()).toEqual([
      'thaw-kit/shop/20261101T000000Z.kit.json',
      'thaw-kit/shop/20261101T000000Z.kit.json.sig',
      expect.stringMatching(/^thaw-kit\/shop\/files\/[0-9a-f]{16}\/compose\.yml$/),
    ]);
    expect(keys()).toContain(stranger.key);
    expect(lines.at(-1)).toMatch(/^removed one earlier kit, /);
  });

  it.each([
    ['the key of the store may not remove', 'removes'],
    ['one of their lists is not what was signed', 'damaged'],
  ])('stay, and it is said, where %s', async (_why, what) => {
    const { memory, store, lines, onLine, keys, own, make } = makeStand();
    const old = await make(0, { 'compose.yml': 'one' });
    if (what === 'damaged') memory.place(old.key, { content: '{}' });
    else {
      const refused = { code: 'denied', message: 'It may not.', remedy: 'Ask.', retry: 'after-fix' } as const;
      store.remove = async () => fail(refused);
    }
    const made = await make(30, { 'compose.yml': 'two' });
    const before = keys();
    await clearKits({ store, made, signers: new Set([own.fingerprint]), onLine });
    expect(keys()).toEqual(before);
    expect(lines.at(-1)).toMatch(
      what === 'damaged'
        ? /^earlier kits stay, .*Nobody vouches/
        : /^earlier kits stay, .*It may not\. Ask\./,
    );
  });
});
