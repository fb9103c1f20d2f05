import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Encrypter } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../src/base/secret.ts';
import { openUnpacker } from '../../src/layers/open-unpacker.ts';
import type { KeyConfig, Layer } from '../../src/ports/unpacker.ts';
import { failureFrom, valueFrom } from '../contracts/object-store.contract.ts';
import { type GpgHome, makeGpgHome } from '../parts/gpg-keys.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
/** As long a look as the header of a dump takes. */
const wantBytes = 4096;

/** Of stored bytes: age's chunk, what a look once began with, and how far one goes. */
const limits = [64 * KiB, 256 * KiB + wantBytes, 12 * MiB + 2 * wantBytes];
/** Noise, which no compression makes smaller: the stored size is that of the content. A little more than the highest limit. */
const noise = randomBytes(13 * MiB);

let home: GpgHome;
let folder = '';
let seals: Readonly<Record<string, Seal>>;

type Seal = {
  readonly layer: readonly Layer[];
  readonly keys: KeyConfig;
  wrap(bytes: Buffer): Promise<Buffer>;
};

/** The same noise is packed for every seal: once is enough. */
function once(pack: (bytes: Buffer) => Buffer): (bytes: Buffer) => Buffer {
  const packed = new Map<number, Buffer>();
  return (bytes) => {
    const isNoise = bytes.buffer === noise.buffer && bytes.byteOffset === noise.byteOffset;
    const known = isNoise ? packed.get(bytes.length) : undefined;
    const made = known ?? pack(bytes);
    if (isNoise) packed.set(bytes.length, made);
    return made;
  };
}

const inner = {
  nothing: { layer: [], wrap: (bytes: Buffer) => bytes },
  gzip: { layer: ['gzip'], wrap: once((bytes) => gzipSync(bytes, { level: 1 })) },
  zstd: { layer: ['zstd'], wrap: once((bytes) => zstdCompressSync(bytes)) },
} as const;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-layers-'));
  home = makeGpgHome();
  const key = home.makeKey({ userId: 'backups@example.org', kind: 'ed25519' });
  const secret = home.exportSecret(key);
  const identity = join(folder, 'age.key');
  execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
  const plain = ['--compress-algo', 'none'];
  const age = (input: Buffer, ...more: readonly string[]) =>
    execFileSync('age', ['-r', recipient, ...more], { input, maxBuffer: 64 * MiB });
  seals = {
    nothing: { layer: [], keys: {}, wrap: async (bytes) => bytes },
    'OpenPGP to a key': {
      layer: ['openpgp'],
      keys: { privateKeyFile: secret },
      wrap: async (bytes) => home.encryptTo([key], bytes, ...plain),
    },
    'OpenPGP to a key in the keyring': {
      layer: ['openpgp'],
      keys: { gnupgHome: home.folder },
      wrap: async (bytes) => home.encryptTo([key], bytes),
    },
    'OpenPGP with a passphrase': {
      layer: ['openpgp'],
      keys: { passphrase: createSecret('only words'), gnupgHome: home.folder },
      wrap: async (bytes) => home.encryptWithPassphrase('only words', bytes, ...plain),
    },
    age: { layer: ['age'], keys: { ageIdentityFile: identity }, wrap: async (bytes) => age(bytes) },
    'age in armor': {
      layer: ['age'],
      keys: { ageIdentityFile: identity },
      wrap: async (bytes) => age(bytes, '--armor'),
    },
    'age with a passphrase': {
      layer: ['age'],
      keys: { passphrase: createSecret('only words') },
      wrap: async (bytes) => {
        const encrypter = new Encrypter();
        encrypter.setPassphrase('only words');
        encrypter.setScryptWorkFactor(8);
        return Buffer.from(await encrypter.encrypt(bytes));
      },
    },
  };
});
afterAll(() => {
  home.remove();
  rmSync(folder, { recursive: true, force: true });
});

function unpackerWith(keys: KeyConfig) {
  return openUnpacker({
    keys,
    processes: createProcessRunner(),
  });
}

type Pair = { readonly seal: Seal; readonly layers: readonly Layer[]; wrap(bytes: Buffer): Promise<Buffer> };

function pairOf(outer: string, within: keyof typeof inner): Pair {
  const seal = seals[outer];
  if (seal === undefined) throw new Error(`There is no seal ${outer}.`);
  const { layer, wrap } = inner[within];
  return { seal, layers: [...seal.layer, ...layer], wrap: (bytes) => seal.wrap(wrap(bytes)) };
}

/** Contents whose stored sizes lie above, at and just below the limit. */
async function* around(limit: number, pair: Pair) {
  const above = await pair.wrap(noise.subarray(0, limit));
  yield { content: noise.subarray(0, limit), stored: above, pieceBytes: 64 * KiB, isAtLimit: false };
  const fitting = limit - Math.max(1, above.length - limit);
  for (const sizeBytes of [fitting, fitting - 1]) {
    const content = noise.subarray(0, sizeBytes);
    const isAtLimit = sizeBytes === fitting;
    const pieceBytes = isAtLimit ? limit : 64 * KiB;
    yield { content, stored: await pair.wrap(content), pieceBytes, isAtLimit };
  }
}

function piecesOf(stored: Buffer, pieceBytes: number): Readable {
  const pieces = function* () {
    for (let at = 0; at < stored.length; at += pieceBytes) yield stored.subarray(at, at + pieceBytes);
  };
  return Readable.from(pieces(), { objectMode: false });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const outers = [
  'nothing',
  'OpenPGP to a key',
  'OpenPGP to a key in the keyring',
  'OpenPGP with a passphrase',
  'age',
  'age in armor',
  'age with a passphrase',
];
const pairs = outers.flatMap((outer) =>
  (['nothing', 'gzip', 'zstd'] as const).map((within) => ({ outer, within })),
);

describe.each(pairs)('$within in $outer', ({ outer, within }) => {
  it('opens for a look and as a whole at sizes around every limit', async () => {
    const pair = pairOf(outer, within);
    const unpacker = unpackerWith(pair.seal.keys);
    for (const limit of limits) {
      for await (const { content, stored, pieceBytes, isAtLimit } of around(limit, pair)) {
        const what = `${content.length} bytes in ${stored.length}`;
        const body = piecesOf(stored, pieceBytes);
        const seen = await unpacker.peek({ body, layers: pair.layers, wantBytes });
        expect(seen.ok ? '' : seen.failure.message, `a look at ${what}`).toBe('');
        expect(valueFrom(seen).equals(content.subarray(0, wantBytes)), what).toBe(true);
        expect(body.destroyed).toBe(true);
        if (!isAtLimit) continue;
        const [fromFile, toFile] = [join(folder, 'packed'), join(folder, 'content')];
        writeFileSync(fromFile, stored);
        const whole = await unpacker.unpack({ fromFile, toFile, layers: pair.layers, onProgress: () => {} });
        expect(whole.ok ? whole.value.sha256 : whole.failure.message, what).toBe(sha256(content));
      }
    }
  });

  it('opens for a long look', async () => {
    const pair = pairOf(outer, within);
    const stored = await pair.wrap(noise);
    for (const long of [4 * MiB, 64 * MiB]) {
      const body = piecesOf(stored, 64 * KiB);
      const seen = await unpackerWith(pair.seal.keys).peek({ body, layers: pair.layers, wantBytes: long });
      expect(seen.ok ? '' : seen.failure.message, `the first ${long} bytes`).toBe('');
      expect(sha256(valueFrom(seen))).toBe(sha256(noise.subarray(0, long)));
    }
  });

  it('is damaged where its stored bytes end early', async () => {
    const pair = pairOf(outer, within);
    if (pair.layers.length === 0) return;
    const stored = await pair.wrap(noise.subarray(0, 2 * MiB));
    const cut = stored.subarray(0, stored.length - 20_000);
    const body = piecesOf(cut, 64 * KiB);
    const seen = await unpackerWith(pair.seal.keys).peek({ body, layers: pair.layers, wantBytes: 4 * MiB });
    expect(failureFrom(seen)).toMatchObject({ code: 'damaged' });
  });
});

describe('a look', () => {
  it('that needs more than it may take does not call the backup damaged', async () => {
    // Empty members, one after the other: whatever is read of them, no content comes out.
    const nothing = gzipSync('');
    const stored = Buffer.concat([
      ...Array.from({ length: Math.ceil((13 * MiB) / nothing.length) }, () => nothing),
      gzipSync('the content'),
    ]);
    // gpg of the keyring compresses by itself, which makes next to nothing of them.
    for (const outer of outers.filter((name) => !name.includes('keyring'))) {
      const pair = pairOf(outer, 'gzip');
      const body = piecesOf(await pair.seal.wrap(stored), 64 * KiB);
      const seen = await unpackerWith(pair.seal.keys).peek({ body, layers: pair.layers, wantBytes });
      const failure = failureFrom(seen);
      expect(failure.code, `${outer}: ${failure.message}`).not.toBe('damaged');
      expect(failure.message).not.toMatch(/damaged|truncated|ends early/);
    }
  });

  it('says which layer is damaged within what it reads, though it does not see the end', async () => {
    for (const outer of outers.filter((name) => name !== 'nothing')) {
      const pair = pairOf(outer, 'gzip');
      const packed = gzipSync(noise, { level: 1 });
      packed.fill(0xff, 10, 40);
      const body = piecesOf(await pair.seal.wrap(packed), 64 * KiB);
      const failure = failureFrom(
        await unpackerWith(pair.seal.keys).peek({ body, layers: pair.layers, wantBytes }),
      );
      expect(failure, outer).toMatchObject({ code: 'damaged', message: expect.stringContaining('gzip') });
      const [fromFile, toFile] = [join(folder, 'packed'), join(folder, 'content')];
      writeFileSync(fromFile, await pair.seal.wrap(packed));
      const whole = await unpackerWith(pair.seal.keys).unpack({
        fromFile,
        toFile,
        layers: pair.layers,
        onProgress: () => {},
      });
      expect(failureFrom(whole), outer).toMatchObject({ message: expect.stringContaining('gzip') });
    }
    for (const outer of ['age', 'age with a passphrase']) {
      const pair = pairOf(outer, 'gzip');
      const stored = Buffer.from(await pair.wrap(noise));
      stored.fill(0xff, 2000, 2100);
      const body = piecesOf(stored, 64 * KiB);
      const failure = failureFrom(
        await unpackerWith(pair.seal.keys).peek({ body, layers: pair.layers, wantBytes }),
      );
      expect(failure, outer).toMatchObject({ code: 'damaged', message: expect.stringContaining('age') });
    }
  });

  it('says that the connection is lost where it breaks off, whatever the layers', async () => {
    for (const { outer, within } of pairs) {
      const pair = pairOf(outer, within);
      const stored = await pair.wrap(noise.subarray(0, 600 * KiB));
      const broken = Readable.from(
        (function* () {
          yield stored.subarray(0, 100 * KiB);
          throw new Error('socket hang up');
        })(),
        { objectMode: false },
      );
      const seen = await unpackerWith(pair.seal.keys).peek({
        body: broken,
        layers: pair.layers,
        wantBytes: 512 * KiB,
      });
      expect(failureFrom(seen), `${within} in ${outer}`).toMatchObject({
        code: 'unreachable',
        retry: 'safe',
      });
    }
  });
});
