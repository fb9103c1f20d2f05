import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../src/adapters/process/execa-process-runner.ts';
import type { Outcome } from '../../src/base/failure.ts';
import { createSecret } from '../../src/base/secret.ts';
import { openUnpacker } from '../../src/layers/open-unpacker.ts';
import type { ProcessRequest, ProcessRunner } from '../../src/ports/process-runner.ts';
import type { KeyConfig, Layer, Unpacker } from '../../src/ports/unpacker.ts';
import { type GpgHome, type GpgKey, makeGpgHome } from '../parts/gpg-keys.ts';

const processes = createProcessRunner();
const content = Buffer.concat([Buffer.from('PGDMP'), randomBytes(700_000), Buffer.alloc(300_000, 'abc')]);
const gzipped = gzipSync(content);
const rsaPassphrase = 'open sesame, ä and ‹quotes›';

let home: GpgHome;
let empty: GpgHome;
let rsa: GpgKey;
let curve: GpgKey;
let stranger: GpgKey;
let rsaFile = '';
let curveFile = '';
let strangerFile = '';
let counter = 0;

beforeAll(() => {
  // A folder of our own, so that what another program leaves in the common one is not taken for ours.
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'thaw-'));
  home = makeGpgHome();
  empty = makeGpgHome();
  rsa = home.makeKey({ userId: 'Backup RSA <rsa@example.org>', kind: 'rsa', passphrase: rsaPassphrase });
  curve = home.makeKey({ userId: 'Backup Curve <curve@example.org>', kind: 'ed25519' });
  stranger = empty.makeKey({ userId: 'Stranger <x@example.org>', kind: 'ed25519' });
  rsaFile = home.exportSecret(rsa);
  curveFile = home.exportSecret(curve, { binary: true });
  strangerFile = empty.exportSecret(stranger);
});

afterAll(() => {
  home.remove();
  empty.remove();
  rmSync(tmpdir(), { recursive: true, force: true });
});

/** Nothing decrypted and no key may stay behind, whatever happens. */
const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('thaw-gpg-'));
let before: readonly string[] = [];
beforeEach(() => {
  before = leftovers();
});
afterEach(() => expect(leftovers()).toEqual(before));

const keyed = (): KeyConfig => ({ privateKeyFile: rsaFile, passphrase: createSecret(rsaPassphrase) });

function unpackerWith(keys: KeyConfig, runner: ProcessRunner = processes): Unpacker {
  return openUnpacker({ keys, processes: runner });
}

/** A host without gpg. */
const noGpg: ProcessRunner = {
  run: (request: ProcessRequest) => processes.run({ ...request, env: { ...request.env, PATH: '/nowhere' } }),
};

async function unpack(
  unpacker: Unpacker,
  request: { readonly bytes: Buffer; readonly layers: readonly Layer[]; readonly signal?: AbortSignal },
) {
  counter += 1;
  const fromFile = home.file(`message-${counter}`, request.bytes);
  const toFile = home.file(`content-${counter}`);
  const progress: number[] = [];
  const outcome = await unpacker.unpack({
    fromFile,
    toFile,
    layers: request.layers,
    onProgress: (bytesRead) => progress.push(bytesRead),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  expect(existsSync(`${toFile}.unpacking`)).toBe(false);
  expect(existsSync(toFile)).toBe(outcome.ok);
  return { outcome, toFile, fromFile, progress };
}

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
  return outcome.value;
}

function failure<T>(outcome: Outcome<T>) {
  if (outcome.ok) throw new Error('It succeeded.');
  return outcome.failure;
}

async function expectContent(
  unpacker: Unpacker,
  request: { readonly bytes: Buffer; readonly layers: readonly Layer[]; readonly engine: RegExp | string },
) {
  const { outcome, toFile, progress } = await unpack(unpacker, request);
  const unpacked = value(outcome);
  expect(readFileSync(toFile).equals(content)).toBe(true);
  expect(unpacked.sizeBytes).toBe(content.length);
  expect(unpacked.sha256).toBe(createHash('sha256').update(content).digest('hex'));
  expect(unpacked.engine).toMatch(request.engine);
  expect(progress.at(-1)).toBe(request.bytes.length);
  expect(statSync(toFile).mode & 0o077).toBe(0);
}

function flip(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

describe('what opens', () => {
  it('a gpg message to an RSA key with a passphrase, gzip inside', async () => {
    const bytes = home.encryptTo([rsa], gzipped);
    await expectContent(unpackerWith(keyed()), {
      bytes,
      layers: ['openpgp', 'gzip'],
      engine: /^openpgp\.js \+ zlib$/,
    });
  });

  it('a message to an elliptic key without passphrase, from a binary key file', async () => {
    const bytes = home.encryptTo([rsa, curve], content, '--compress-algo', 'none');
    await expectContent(unpackerWith({ privateKeyFile: curveFile }), {
      bytes,
      layers: ['openpgp'],
      engine: 'openpgp.js',
    });
  });

  it('an armored message, and one to a hidden recipient', async () => {
    const armored = home.encryptTo([rsa], content, '--armor');
    await expectContent(unpackerWith(keyed()), { bytes: armored, layers: ['openpgp'], engine: 'openpgp.js' });
    const hidden = home.encryptTo([rsa], content, '--throw-keyids');
    await expectContent(unpackerWith(keyed()), { bytes: hidden, layers: ['openpgp'], engine: 'openpgp.js' });
  });

  it('a message through the keyring of gpg on this host', async () => {
    const bytes = home.encryptTo([rsa], gzipped);
    const keys = { gnupgHome: home.folder, passphrase: createSecret(rsaPassphrase) };
    await expectContent(unpackerWith(keys), {
      bytes,
      layers: ['openpgp', 'gzip'],
      engine: /^gpg 2\.\d.* \+ zlib$/,
    });
  });

  it('a message encrypted with a passphrase alone, with gpg and without it', async () => {
    const bytes = home.encryptWithPassphrase('only words', content);
    const keys = { passphrase: createSecret('only words'), gnupgHome: empty.folder };
    await expectContent(unpackerWith(keys), { bytes, layers: ['openpgp'], engine: /^gpg / });
    await expectContent(unpackerWith(keys, noGpg), { bytes, layers: ['openpgp'], engine: 'openpgp.js' });
    const withKeyFile = { privateKeyFile: curveFile, passphrase: createSecret('only words') };
    await expectContent(unpackerWith(withKeyFile), { bytes, layers: ['openpgp'], engine: 'openpgp.js' });
  });

  it('a dump that is only gzipped, in several members, padded with zeros', async () => {
    const half = Math.floor(content.length / 2);
    const members = Buffer.concat([gzipSync(content.subarray(0, half)), gzipSync(content.subarray(half))]);
    await expectContent(unpackerWith({}), { bytes: members, layers: ['gzip'], engine: 'zlib' });
    const padded = Buffer.concat([gzipped, Buffer.alloc(3_000_000)]);
    await expectContent(unpackerWith({}), { bytes: padded, layers: ['gzip'], engine: 'zlib' });
  });

  it('a dump that is wrapped in nothing, and one that was gzipped after encryption', async () => {
    await expectContent(unpackerWith({}), { bytes: content, layers: [], engine: 'copy' });
    const outside = gzipSync(home.encryptTo([rsa], content));
    await expectContent(unpackerWith(keyed()), {
      bytes: outside,
      layers: ['gzip', 'openpgp'],
      engine: 'zlib + openpgp.js',
    });
  });

  it('a message whose cipher openpgp.js refuses, by asking gpg', async () => {
    const bytes = home.encryptTo([rsa], content, '--cipher-algo', 'TWOFISH');
    const keys = keyed();
    await expectContent(unpackerWith(keys), {
      bytes,
      layers: ['openpgp'],
      engine: /^gpg .*openpgp\.js could not/,
    });
    const { outcome } = await unpack(unpackerWith(keys, noGpg), { bytes, layers: ['openpgp'] });
    expect(failure(outcome)).toMatchObject({ code: 'tool-missing' });
  });
});

describe('the wrong key', () => {
  it('names the ids the message is for and the ids at hand, whichever program looks', async () => {
    const bytes = home.encryptTo([rsa, curve], content);
    const configs: KeyConfig[] = [{ privateKeyFile: strangerFile }, { gnupgHome: empty.folder }];
    for (const keys of configs) {
      const { outcome } = await unpack(unpackerWith(keys), { bytes, layers: ['openpgp'] });
      const wrong = failure(outcome);
      expect(wrong).toMatchObject({ code: 'wrong-key', retry: 'after-fix' });
      for (const id of [rsa.keyIds[1], curve.keyIds[1], ...stranger.keyIds])
        expect(wrong.message).toContain(id);
    }
  });

  it('says that a passphrase is wrong or missing, and never repeats it', async () => {
    const bytes = home.encryptTo([rsa], content);
    const wrongWords = createSecret('not the words');
    const configs: KeyConfig[] = [
      { privateKeyFile: rsaFile, passphrase: wrongWords },
      { gnupgHome: home.folder, passphrase: wrongWords },
    ];
    // The agent remembers what worked in an earlier test.
    await processes.run({
      stallMs: 60_000,
      program: 'gpgconf',
      args: ['--homedir', home.folder, '--kill', 'gpg-agent'],
    });
    for (const keys of configs) {
      const wrong = failure((await unpack(unpackerWith(keys), { bytes, layers: ['openpgp'] })).outcome);
      expect(wrong).toMatchObject({ code: 'wrong-key', message: expect.stringContaining('passphrase') });
      expect(JSON.stringify(wrong)).not.toContain('not the words');
    }
    for (const keys of [{ privateKeyFile: rsaFile }, { gnupgHome: home.folder }]) {
      const missing = failure((await unpack(unpackerWith(keys), { bytes, layers: ['openpgp'] })).outcome);
      expect(missing).toMatchObject({ code: 'wrong-key', message: expect.stringContaining('locked') });
    }
  });

  it('says so, too, for a message that only a passphrase opens', async () => {
    const bytes = home.encryptWithPassphrase('only words', content);
    const keys = { passphrase: createSecret('other words'), gnupgHome: empty.folder };
    for (const runner of [processes, noGpg]) {
      const { outcome } = await unpack(unpackerWith(keys, runner), { bytes, layers: ['openpgp'] });
      expect(failure(outcome)).toMatchObject({
        code: 'wrong-key',
        message: expect.stringContaining('passphrase'),
      });
    }
  });

  it('says so every time without gpg, whatever a wrong passphrase makes of the beginning', async () => {
    const keys = { passphrase: createSecret('other words'), gnupgHome: empty.folder };
    for (let round = 0; round < 40; round += 1) {
      const bytes = home.encryptWithPassphrase('only words', content);
      const { outcome } = await unpack(unpackerWith(keys, noGpg), { bytes, layers: ['openpgp'] });
      expect(failure(outcome), `round ${round}`).toMatchObject({ code: 'wrong-key' });
    }
  });

  it('says that a key file is missing, holds a public key, or holds no key', async () => {
    const bytes = home.encryptTo([rsa], content);
    const look = async (privateKeyFile: string) =>
      failure((await unpack(unpackerWith({ privateKeyFile }), { bytes, layers: ['openpgp'] })).outcome);
    expect(await look(home.file('absent.asc'))).toMatchObject({ code: 'not-found' });
    expect(await look(home.exportPublic(rsa))).toMatchObject({
      code: 'wrong-key',
      message: expect.stringContaining('public key only'),
    });
    expect(await look(home.file('words.asc', 'these are no keys'))).toMatchObject({ code: 'wrong-key' });
  });
});

describe('a damaged backup', () => {
  const configs = (): readonly (readonly [string, KeyConfig, ProcessRunner])[] => [
    ['openpgp.js and gpg', keyed(), processes],
    ['gpg', { gnupgHome: home.folder, passphrase: createSecret(rsaPassphrase) }, processes],
  ];

  it('is called changed when a byte is flipped, wherever it is', async () => {
    // Uncompressed, so that the last of its pieces is always as long: a flip in a length may well tell of missing bytes.
    const plain = home.encryptTo([rsa], content, '--compress-algo', 'none');
    for (const bytes of [home.encryptTo([rsa], gzipped), plain]) {
      for (const at of [2_000, Math.floor(bytes.length / 2), bytes.length - 30, bytes.length - 2]) {
        for (const [name, keys, runner] of configs()) {
          const layers: Layer[] = ['openpgp'];
          const { outcome } = await unpack(unpackerWith(keys, runner), { bytes: flip(bytes, at), layers });
          expect(failure(outcome), `${name}, byte ${at}`).toMatchObject({ code: 'damaged', retry: 'never' });
          expect(failure(outcome).message).not.toContain('ends early');
        }
      }
    }
  });

  it('does not call a message cut that is longer than its lengths say', async () => {
    const bytes = Buffer.concat([flip(home.encryptTo([rsa], gzipped), 200_000), Buffer.from([0xd2])]);
    for (const [name, keys, runner] of configs()) {
      const { outcome } = await unpack(unpackerWith(keys, runner), { bytes, layers: ['openpgp'] });
      expect(failure(outcome), name).toMatchObject({ code: 'damaged', retry: 'never' });
      expect(failure(outcome).message, name).not.toContain('ends early');
    }
  });

  it('blames the ciphertext and not the gzip inside it for a flipped byte', async () => {
    const bytes = flip(home.encryptTo([rsa], gzipped, '--compress-algo', 'none'), 200_000);
    for (const [, keys, runner] of configs()) {
      const { outcome } = await unpack(unpackerWith(keys, runner), { bytes, layers: ['openpgp', 'gzip'] });
      expect(failure(outcome).message).toContain('checksum');
    }
  });

  it('is called truncated when its end is missing, with how much', async () => {
    // Without gpg's own compression the last bytes are those of the message itself.
    const uncompressed = home.encryptTo([rsa], gzipped, '--compress-algo', 'none');
    const usual = home.encryptTo([rsa], gzipped);
    for (const [bytes, keeps] of [
      [usual, [usual.length - 1, usual.length - 5_000, Math.floor(usual.length / 2), 600, 100, 3]],
      [uncompressed, [uncompressed.length - 1, uncompressed.length - 5_000]],
    ] as const) {
      for (const keep of keeps) {
        for (const [name, keys, runner] of configs()) {
          const cut = bytes.subarray(0, keep);
          const { outcome } = await unpack(unpackerWith(keys, runner), {
            bytes: cut,
            layers: ['openpgp', 'gzip'],
          });
          const refused = failure(outcome);
          expect(refused, `${name}, ${keep} bytes`).toMatchObject({ code: 'damaged', retry: 'never' });
          expect(refused.message, `${name}, ${keep} bytes`).toContain('ends early');
        }
      }
    }
  });

  it('is told apart from gzip that was bad before it was encrypted', async () => {
    const truncated = home.encryptTo([rsa], gzipped.subarray(0, 300_000));
    const changed = home.encryptTo([rsa], flip(gzipped, 300_000));
    for (const [, keys, runner] of configs()) {
      const unpacker = unpackerWith(keys, runner);
      const one = failure(
        (await unpack(unpacker, { bytes: truncated, layers: ['openpgp', 'gzip'] })).outcome,
      );
      expect(one).toMatchObject({
        code: 'damaged',
        message: expect.stringContaining('gzip data ends early'),
      });
      const two = failure((await unpack(unpacker, { bytes: changed, layers: ['openpgp', 'gzip'] })).outcome);
      expect(two).toMatchObject({
        code: 'damaged',
        message: expect.stringContaining('gzip data is damaged'),
      });
    }
    const three = failure(
      (await unpack(unpackerWith({}), { bytes: gzipped.subarray(0, 5_000), layers: ['gzip'] })).outcome,
    );
    expect(three).toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('gzip data ends early'),
    });
    const trailing = Buffer.concat([gzipped, Buffer.from('and then some')]);
    expect(
      failure((await unpack(unpackerWith({}), { bytes: trailing, layers: ['gzip'] })).outcome).code,
    ).toBe('damaged');
  });

  it('is called empty when it is, or when its content is', async () => {
    for (const layers of [[], ['gzip'], ['openpgp'], ['openpgp', 'gzip']] as Layer[][]) {
      const { outcome } = await unpack(unpackerWith(keyed()), { bytes: Buffer.alloc(0), layers });
      expect(failure(outcome)).toMatchObject({
        code: 'damaged',
        message: expect.stringContaining('0 bytes'),
      });
    }
    const nothing = Buffer.alloc(0);
    for (const [bytes, layers] of [
      [gzipSync(nothing), ['gzip']],
      [home.encryptTo([rsa], nothing), ['openpgp']],
      [home.encryptTo([rsa], nothing), ['openpgp', 'gzip']],
    ] as [Buffer, Layer[]][]) {
      const { outcome } = await unpack(unpackerWith(keyed()), { bytes, layers });
      expect(failure(outcome)).toMatchObject({
        code: 'damaged',
        message: expect.stringContaining('0 bytes'),
      });
    }
  });

  it('is refused when it is not what the layers say', async () => {
    const cases: [Buffer, Layer[], string][] = [
      [content, ['openpgp'], 'no OpenPGP message'],
      [Buffer.from('plain words'), ['gzip'], 'no gzip data'],
      [readFileSync(curveFile), ['openpgp'], 'not an encrypted message'],
    ];
    for (const [bytes, layers, words] of cases) {
      const { outcome } = await unpack(unpackerWith(keyed()), { bytes, layers });
      expect(failure(outcome)).toMatchObject({ code: 'damaged', message: expect.stringContaining(words) });
    }
  });
});

describe('the file system', () => {
  it('is blamed for what is its fault', async () => {
    const unpacker = unpackerWith({});
    const onProgress = () => {};
    const absent = await unpacker.unpack({
      fromFile: home.file('absent'),
      toFile: home.file('out'),
      layers: [],
      onProgress,
    });
    expect(failure(absent).code).toBe('not-found');
    const fromFile = home.file('here', gzipped);
    const nowhere = await unpacker.unpack({
      fromFile,
      toFile: home.file('no/such/folder/out'),
      layers: ['gzip'],
      onProgress,
    });
    expect(failure(nowhere)).toMatchObject({ code: 'not-found', message: expect.stringContaining('write') });
  });

  it('replaces what an earlier, interrupted unpacking left behind', async () => {
    const fromFile = home.file('again', gzipped);
    const toFile = home.file('again.out', 'old');
    home.file('again.out.unpacking', Buffer.alloc(2_000_000));
    value(await unpackerWith({}).unpack({ fromFile, toFile, layers: ['gzip'], onProgress: () => {} }));
    expect(readFileSync(toFile).equals(content)).toBe(true);
    expect(existsSync(`${toFile}.unpacking`)).toBe(false);
  });

  it('keeps nothing when it is told to stop, before and in the middle', async () => {
    const bytes = home.encryptTo([rsa], gzipped);
    const early = await unpack(unpackerWith(keyed()), {
      bytes,
      layers: ['openpgp', 'gzip'],
      signal: AbortSignal.abort(),
    });
    expect(failure(early.outcome).code).toBe('cancelled');
    const big = gzipSync(Buffer.alloc(400_000_000), { level: 1 });
    for (const [layers, payload, keys] of [
      [['gzip'], big, {}],
      [['openpgp', 'gzip'], home.encryptTo([rsa], big), keyed()],
      [['openpgp', 'gzip'], home.encryptTo([curve], big), { gnupgHome: home.folder }],
    ] as [Layer[], Buffer, KeyConfig][]) {
      const stop = new AbortController();
      const fromFile = home.file('big', payload);
      const toFile = home.file('big.out');
      const outcome = await unpackerWith(keys).unpack({
        fromFile,
        toFile,
        layers,
        onProgress: () => setTimeout(() => stop.abort(), 50),
        signal: stop.signal,
      });
      expect(failure(outcome).code).toBe('cancelled');
      expect(existsSync(toFile) || existsSync(`${toFile}.unpacking`)).toBe(false);
    }
  });
});

describe('a first look', () => {
  const look = (unpacker: Unpacker, bytes: Buffer, layers: readonly Layer[]) =>
    unpacker.peek({ body: Readable.from(slices(bytes)), layers, wantBytes: 4096 });

  function* slices(bytes: Buffer) {
    for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
  }

  it('finds the first bytes behind every kind of wrapping', async () => {
    const wanted = content.subarray(0, 4096);
    const cases: [Buffer, Layer[], KeyConfig][] = [
      [content, [], {}],
      [gzipped, ['gzip'], {}],
      [home.encryptTo([rsa], gzipped), ['openpgp', 'gzip'], keyed()],
      [home.encryptTo([rsa], content, '--compress-algo', 'none'), ['openpgp'], keyed()],
      [home.encryptTo([curve], gzipped), ['openpgp', 'gzip'], { gnupgHome: home.folder }],
      [home.encryptTo([rsa], gzipped, '--cipher-algo', 'TWOFISH'), ['openpgp', 'gzip'], keyed()],
      [
        home.encryptWithPassphrase('only words', content),
        ['openpgp'],
        { passphrase: createSecret('only words'), gnupgHome: empty.folder },
      ],
    ];
    for (const [bytes, layers, keys] of cases) {
      const seen = value(await look(unpackerWith(keys), bytes, layers));
      expect(seen.equals(wanted), layers.join()).toBe(true);
    }
  });

  it('stops early on a live stream, and destroys it', async () => {
    const bytes = home.encryptTo([rsa], gzipSync(Buffer.concat([content, randomBytes(20_000_000)])));
    let taken = 0;
    const body = Readable.from(
      (function* () {
        for (const slice of slices(bytes)) {
          taken += slice.length;
          yield slice;
        }
      })(),
    );
    const unpacker = unpackerWith(keyed());
    const seen = value(await unpacker.peek({ body, layers: ['openpgp', 'gzip'], wantBytes: 100 }));
    expect(seen.equals(content.subarray(0, 100))).toBe(true);
    // How far the layers read ahead depends on how busy the host is.
    expect(taken).toBeLessThan(bytes.length / 2);
    expect(body.destroyed).toBe(true);
  });

  it('is content with the beginning of a message, as a ranged read brings it', async () => {
    const bytes = home.encryptTo([rsa], gzipped).subarray(0, 200_000);
    expect(value(await look(unpackerWith(keyed()), bytes, ['openpgp', 'gzip'])).length).toBe(4096);
  });

  it('returns less where there is less, and fails where there is nothing', async () => {
    const short = gzipSync('short');
    expect(value(await look(unpackerWith({}), short, ['gzip'])).toString()).toBe('short');
    expect(failure(await look(unpackerWith({}), Buffer.alloc(0), [])).code).toBe('damaged');
    expect(failure(await look(unpackerWith({}), gzipSync(''), ['gzip'])).code).toBe('damaged');
  });

  it('names a wrong key and says when the stream is lost', async () => {
    const bytes = home.encryptTo([rsa], gzipped);
    const wrong = failure(
      await look(unpackerWith({ privateKeyFile: strangerFile }), bytes, ['openpgp', 'gzip']),
    );
    expect(wrong.message).toContain(rsa.keyIds[1]);
    const lost = new Readable({
      read() {
        this.destroy(new Error('socket hang up'));
      },
    });
    const outcome = await unpackerWith(keyed()).peek({ body: lost, layers: ['openpgp'], wantBytes: 10 });
    expect(failure(outcome).code).toBe('unreachable');
  });
});

describe('the key at hand', () => {
  it('is described with every id of it, from a file and from a keyring', async () => {
    const fromFile = value(await unpackerWith(keyed()).describeKey());
    expect([...fromFile.keyIds].sort()).toEqual([...rsa.keyIds].sort());
    expect(fromFile.text).toContain(rsa.fingerprint);
    expect(fromFile.text).toContain('Backup RSA <rsa@example.org>');
    const passphrase = createSecret(rsaPassphrase);
    const fromRing = value(await unpackerWith({ gnupgHome: home.folder, passphrase }).describeKey());
    expect([...fromRing.keyIds].sort()).toEqual([...rsa.keyIds, ...curve.keyIds].sort());
  });

  it('is refused when the passphrase does not unlock it', async () => {
    const passphrase = createSecret('no');
    expect(failure(await unpackerWith({ privateKeyFile: rsaFile, passphrase }).describeKey()).code).toBe(
      'wrong-key',
    );
    expect(failure(await unpackerWith({ privateKeyFile: rsaFile }).describeKey()).message).toContain(
      'locked',
    );
    const ring = value(await unpackerWith({ gnupgHome: home.folder, passphrase }).describeKey());
    expect([...ring.keyIds].sort()).toEqual([...curve.keyIds].sort());
  });

  it('may be a passphrase alone, or missing altogether', async () => {
    const bare = makeGpgHome();
    const alone = value(
      await unpackerWith({ gnupgHome: bare.folder, passphrase: createSecret('words') }).describeKey(),
    );
    expect(alone.keyIds).toEqual([]);
    const none = failure(await unpackerWith({ gnupgHome: bare.folder }).describeKey());
    bare.remove();
    expect(none).toMatchObject({ code: 'wrong-key' });
    expect(failure(await unpackerWith({ gnupgHome: home.folder }, noGpg).describeKey()).code).toBe(
      'tool-missing',
    );
  });
});
