import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../src/adapters/process/execa-process-runner.ts';
import { createBodyError, failureOfBodyError } from '../../src/base/body-error.ts';
import type { Outcome } from '../../src/base/failure.ts';
import { openPacker } from '../../src/layers/open-packer.ts';
import { openUnpacker } from '../../src/layers/open-unpacker.ts';
import type { Sealing } from '../../src/ports/packer.ts';
import type { KeyConfig } from '../../src/ports/unpacker.ts';
import { type GpgHome, type GpgKey, makeGpgHome } from '../parts/gpg-keys.ts';

const processes = createProcessRunner();
const content = Buffer.concat([Buffer.from('PGDMP'), randomBytes(400_000), Buffer.alloc(2_000_000, 'abc')]);

let home: GpgHome;
let key: GpgKey;
let identityFile = '';
let strangerFile = '';
let recipient = '';

beforeAll(async () => {
  home = makeGpgHome();
  key = home.makeKey({ userId: 'backups@company.invalid', kind: 'ed25519' });
  const identity = await generateIdentity();
  recipient = await identityToRecipient(identity);
  identityFile = home.file('age.key', `# created by a test\n# public key: ${recipient}\n${identity}\n`);
  strangerFile = home.file('stranger.key', `${await generateIdentity()}\n`);
  for (const file of [identityFile, strangerFile]) chmodSync(file, 0o600);
});
afterAll(() => home.remove());

const pack = (config: { compression: string; sealing: Sealing }) => openPacker({ config, processes });
const unpack = (keys: KeyConfig) => openUnpacker({ keys, processes });

function unwrap<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.failure.message} ${outcome.failure.detail}`);
  return outcome.value;
}

const keys = (): KeyConfig => ({ privateKeyFile: home.exportSecret(key), ageIdentityFile: identityFile });
const sealings = () =>
  [
    { kind: 'none' },
    { kind: 'openpgp', publicKeyFile: home.exportPublic(key) },
    { kind: 'openpgp', recipient: key.fingerprint, gnupgHome: home.folder },
    { kind: 'age', recipients: [recipient] },
  ] as const satisfies readonly Sealing[];

describe('what is packed', () => {
  it.each(['none', 'gzip', 'zstd'] as const)(
    'with %s is unpacked to the same bytes, whoever it was sealed for',
    async (compression) => {
      for (const sealing of sealings()) {
        const packer = pack({ compression, sealing });
        const packed = await buffer(unwrap(await packer.pack(Readable.from([content]))));
        const fromFile = home.file('packed', packed);
        const toFile = home.file('unpacked');
        const done = unwrap(
          await unpack(keys()).unpack({ fromFile, toFile, layers: packer.layers, onProgress: () => {} }),
        );
        expect(readFileSync(toFile).equals(content), `${compression} ${sealing.kind}: ${done.engine}`).toBe(
          true,
        );
        const head = unwrap(
          await unpack(keys()).peek({ body: Readable.from([packed]), layers: packer.layers, wantBytes: 5 }),
        );
        expect(head.toString()).toBe('PGDMP');
      }
    },
  );

  it('opens with the tools everybody has: gpg, age, gzip and zstd', async () => {
    const run = (program: string, args: readonly string[], input: Buffer) =>
      execFileSync(program, args, { input, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] });
    const [, toFile, , toAge] = sealings();
    const gpg = await buffer(
      unwrap(await pack({ compression: 'gzip', sealing: toFile }).pack(Readable.from([content]))),
    );
    expect(
      run('gzip', ['-dc'], run('gpg', ['--homedir', home.folder, '--batch', '--decrypt'], gpg)).equals(
        content,
      ),
    ).toBe(true);
    const age = await buffer(
      unwrap(await pack({ compression: 'zstd', sealing: toAge }).pack(Readable.from([content]))),
    );
    expect(
      run('zstd', ['-dc'], run('age', ['--decrypt', '--identity', identityFile], age)).equals(content),
    ).toBe(true);
  });

  it('says for whom it is: by key id, by recipient, or nobody', async () => {
    const [open, toFile, inRing, toAge] = sealings();
    const describeFor = async (sealing: Sealing) =>
      unwrap(await pack({ compression: 'none', sealing }).describeRecipient());
    expect(await describeFor(open)).toBeUndefined();
    expect((await describeFor(toFile))?.keyIds).toEqual([key.keyIds[1]]);
    expect((await describeFor(inRing))?.keyIds).toEqual([key.keyIds[1]]);
    expect(await describeFor(toAge)).toEqual({ keyIds: [], text: recipient });
    expect(unwrap(await unpack({ ageIdentityFile: identityFile }).describeKey())).toEqual({
      keyIds: [],
      text: recipient,
    });
  });

  it('never ends cleanly when its source breaks off, and hands the cause on', async () => {
    const failure = {
      code: 'command-failed',
      message: 'pg_dump fails.',
      remedy: 'Look.',
      retry: 'after-fix',
    } as const;
    for (const sealing of sealings()) {
      const source = Readable.from(
        (async function* () {
          yield content;
          throw createBodyError(failure);
        })(),
      );
      const packed = unwrap(await pack({ compression: 'gzip', sealing }).pack(source));
      const error = await buffer(packed).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(failureOfBodyError(error), sealing.kind).toEqual(failure);
    }
  });

  it('cannot be made for a key that is not there or cannot encrypt', async () => {
    const wrong: readonly Sealing[] = [
      { kind: 'openpgp', recipient: 'nobody@company.invalid', gnupgHome: home.folder },
      { kind: 'openpgp', publicKeyFile: join(home.folder, 'missing.asc') },
      { kind: 'age', recipients: ['age1nonsense'] },
    ];
    for (const sealing of wrong) {
      const outcome = await pack({ compression: 'none', sealing }).describeRecipient();
      expect(outcome, JSON.stringify(sealing)).toMatchObject({ ok: false, failure: { code: 'wrong-key' } });
    }
  });
});

describe('an age message', () => {
  const sealed = async () =>
    buffer(
      unwrap(
        await pack({ compression: 'zstd', sealing: { kind: 'age', recipients: [recipient] } }).pack(
          Readable.from([content]),
        ),
      ),
    );
  const open = async (bytes: Buffer, config: KeyConfig) => {
    const fromFile = home.file('message');
    writeFileSync(fromFile, bytes);
    return unpack(config).unpack({
      fromFile,
      toFile: home.file('out'),
      layers: ['age', 'zstd'],
      onProgress: () => {},
    });
  };

  it('is refused as wrong-key with another identity, and without any', async () => {
    expect(await open(await sealed(), { ageIdentityFile: strangerFile })).toMatchObject({
      ok: false,
      failure: { code: 'wrong-key' },
    });
    expect(await open(await sealed(), {})).toMatchObject({ ok: false, failure: { code: 'wrong-key' } });
    expect(await open(await sealed(), { ageIdentityFile: join(home.folder, 'no.key') })).toMatchObject({
      ok: false,
      failure: { code: 'not-found' },
    });
  });

  it('is refused as damaged when it is cut off or changed', async () => {
    const whole = await sealed();
    const changed = Buffer.from(whole);
    changed[whole.length - 500] = (changed[whole.length - 500] ?? 0) ^ 1;
    for (const bytes of [whole.subarray(0, -1000), whole.subarray(0, 70_000), changed]) {
      expect(await open(bytes, { ageIdentityFile: identityFile })).toMatchObject({
        ok: false,
        failure: { code: 'damaged' },
      });
    }
  });
});
