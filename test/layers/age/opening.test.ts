import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Encrypter } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../../src/base/secret.ts';
import { ageName } from '../../../src/layers/age/age-program.ts';
import { describeIdentities } from '../../../src/layers/age/read-identities.ts';
import { openUnpacker } from '../../../src/layers/open-unpacker.ts';
import type { KeyConfig, Layer } from '../../../src/ports/unpacker.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';

const content = Buffer.concat([Buffer.from('-- SQL\n'), randomBytes(400_000), Buffer.alloc(200_000, 'abc')]);
let folder = '';
let key: { readonly file: string; readonly recipient: string };
let stranger: typeof key;
const at = (name: string) => join(folder, name);

function makeKey(name: string) {
  execFileSync('age-keygen', ['-o', at(name)], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', at(name)], { encoding: 'utf8' }).trim();
  return { file: at(name), recipient };
}

/** By the age program itself, as a backup script would. */
function seal(bytes: Buffer, ...options: readonly string[]): Buffer {
  return execFileSync('age', ['-r', key.recipient, ...options], {
    input: bytes,
    maxBuffer: 64 * 1024 * 1024,
  });
}

function unpackerWith(keys: KeyConfig) {
  return openUnpacker({ keys, processes: createProcessRunner() });
}

async function unpack(bytes: Buffer, ...[layers, keys]: [readonly Layer[], KeyConfig?]) {
  writeFileSync(at('packed'), bytes);
  rmSync(at('content'), { force: true });
  const unpacker = unpackerWith(keys ?? { ageIdentityFile: key.file });
  const outcome = await unpacker.unpack({
    fromFile: at('packed'),
    toFile: at('content'),
    layers,
    onProgress: () => {},
  });
  // Nothing unauthenticated is ever handed on.
  expect(existsSync(at('content'))).toBe(outcome.ok);
  return outcome;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-age-'));
  key = makeKey('age.key');
  stranger = makeKey('stranger.key');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a backup encrypted with age', () => {
  it.each([
    { what: 'gzip inside', layers: ['age', 'gzip'] as const, pack: gzipSync },
    { what: 'zstd inside', layers: ['age', 'zstd'] as const, pack: zstdCompressSync },
    { what: 'nothing inside', layers: ['age'] as const, pack: (bytes: Buffer) => bytes },
  ])('comes back whole with $what, and its first bytes can be looked at', async ({ layers, pack }) => {
    for (const options of [[], ['--armor']]) {
      const bytes = seal(pack(content), ...options);
      const unpacked = valueFrom(await unpack(bytes, layers));
      expect(readFileSync(at('content')).equals(content)).toBe(true);
      expect(unpacked.sha256).toBe(createHash('sha256').update(content).digest('hex'));
      const body = Readable.from([bytes], { objectMode: false });
      const head = await unpackerWith({ ageIdentityFile: key.file }).peek({ body, layers, wantBytes: 6 });
      expect(valueFrom(head).toString()).toBe('-- SQL');
    }
  });

  it('with a passphrase alone opens with it, and not with another', async () => {
    const encrypter = new Encrypter();
    encrypter.setPassphrase('correct horse');
    encrypter.setScryptWorkFactor(10);
    const bytes = Buffer.from(await encrypter.encrypt(content));
    valueFrom(await unpack(bytes, ['age'], { passphrase: createSecret('correct horse') }));
    const wrong = failureFrom(await unpack(bytes, ['age'], { passphrase: createSecret('wrong horse') }));
    expect(wrong.code).toBe('wrong-key');
    expect(JSON.stringify(wrong)).not.toContain('wrong horse');
  });

  it('for somebody else is a wrong key, and without any key says so', async () => {
    const bytes = seal(content);
    const wrong = failureFrom(await unpack(bytes, ['age'], { ageIdentityFile: stranger.file }));
    expect(wrong).toMatchObject({ code: 'wrong-key', retry: 'after-fix' });
    expect(wrong.message).toContain(stranger.file);
    expect(failureFrom(await unpack(bytes, ['age'], {})).code).toBe('wrong-key');
  });

  it.each([0.1, 0.5, 0.999])('with a byte changed or lost at %d of its length is damaged', async (place) => {
    const bytes = seal(gzipSync(content));
    const changed = Buffer.from(bytes);
    const position = Math.floor(bytes.length * place);
    changed[position] = (changed[position] ?? 0) ^ 1;
    expect(failureFrom(await unpack(changed, ['age', 'gzip'])).code).toBe('damaged');
    expect(failureFrom(await unpack(bytes.subarray(0, position), ['age', 'gzip'])).code).toBe('damaged');
  });

  it('cut exactly between two of its chunks is damaged, too', async () => {
    const bytes = seal(content);
    const lastChunk = content.length % 65_536;
    const cut = bytes.subarray(0, bytes.length - lastChunk - 16);
    expect(failureFrom(await unpack(cut, ['age'])).code).toBe('damaged');
  });
});

describe('an age identity', () => {
  it('is described by its public half', async () => {
    const described = valueFrom(await unpackerWith({ ageIdentityFile: key.file }).describeKey());
    expect(described.text).toBe(key.recipient);
    expect(JSON.stringify(described)).not.toContain('AGE-SECRET-KEY');
  });

  it.each([0o640, 0o604, 0o444, 0o660])(
    'with mode %o is refused until it is kept as a secret',
    async (mode) => {
      chmodSync(stranger.file, mode);
      const failure = failureFrom(await describeIdentities(stranger.file));
      chmodSync(stranger.file, 0o400);
      expect(failure).toMatchObject({ code: 'denied', remedy: expect.stringContaining('chmod 0400') });
      valueFrom(await describeIdentities(stranger.file));
    },
  );

  it('that belongs to another user is refused', async () => {
    const file = makeKey('others.key').file;
    // Only root can give a file away; anybody else looks at one of root's, which is fine.
    if (process.getuid?.() !== 0) return;
    chownSync(file, 1234, 1234);
    const failure = failureFrom(await describeIdentities(file));
    expect(failure.message).toContain('user 1234');
  });

  it('that is missing, empty or malformed says which', async () => {
    expect(failureFrom(await describeIdentities(at('none.key'))).code).toBe('not-found');
    writeFileSync(at('empty.key'), '# nothing\n', { mode: 0o600 });
    expect(failureFrom(await describeIdentities(at('empty.key'))).code).toBe('wrong-key');
    writeFileSync(at('bad.key'), 'AGE-SECRET-KEY-1QQQQ\n', { mode: 0o600 });
    const bad = failureFrom(await describeIdentities(at('bad.key')));
    expect(bad.code).toBe('wrong-key');
    expect(JSON.stringify(bad)).not.toContain('QQQQ');
  });
});

describe('a dump in zstd', () => {
  it('of several frames comes back whole, as pzstd and cat make them', async () => {
    const parts = [content.subarray(0, 100), content.subarray(100, 300_000), content.subarray(300_000)];
    const bytes = Buffer.concat(parts.map((part) => zstdCompressSync(part)));
    valueFrom(await unpack(bytes, ['zstd']));
    expect(readFileSync(at('content')).equals(content)).toBe(true);
  });

  it('that is cut, changed, followed by something else or no zstd at all is damaged', async () => {
    const bytes = zstdCompressSync(content);
    const changed = Buffer.from(bytes);
    changed[6] = (changed[6] ?? 0) ^ 0xff;
    for (const bad of [
      bytes.subarray(0, -5),
      changed,
      Buffer.concat([bytes, Buffer.from('something else')]),
      Buffer.from('no zstd at all'),
    ])
      expect(failureFrom(await unpack(bad, ['zstd'])).code).toBe('damaged');
  });
});

describe('an identity that only the program age reads', () => {
  const processes = createProcessRunner();
  function makeSshKey(name: string, ...[type, passphrase = '']: [string, string?]) {
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', '', '-f', at(name)]);
    return { file: at(name), recipient: readFileSync(at(`${name}.pub`), 'utf8').trim() };
  }
  const sealFor = (recipient: string) =>
    execFileSync('age', ['-r', recipient], { input: content, maxBuffer: 64 * 1024 * 1024 });

  it.each(['ed25519', 'rsa'])('opens what was encrypted to an SSH key (%s)', async (type) => {
    const ssh = makeSshKey(`ssh-${type}`, type);
    const keys = { ageIdentityFile: ssh.file };
    const bytes = sealFor(ssh.recipient);
    const { engine } = valueFrom(await unpack(bytes, ['age'], keys));
    expect(engine).toMatch(/^age \S*1\.\d/);
    expect(readFileSync(at('content')).equals(content)).toBe(true);
    const head = await unpackerWith(keys).peek({
      body: Readable.from([bytes]),
      layers: ['age'],
      wantBytes: 6,
    });
    expect(valueFrom(head).toString()).toBe('-- SQL');
    expect(valueFrom(await unpackerWith(keys).describeKey()).text).toBe(`an SSH key in ${ssh.file}`);
  });

  it('is told from another one, from one that is locked, and from a damaged backup', async () => {
    const [right, other] = [makeSshKey('right', 'ed25519'), makeSshKey('other', 'ed25519')];
    const locked = makeSshKey('locked', 'ed25519', 'a word');
    const bytes = sealFor(right.recipient);
    const refusal = async (changed: Buffer, file: string) =>
      failureFrom(await unpack(changed, ['age'], { ageIdentityFile: file }));
    expect(await refusal(bytes, other.file)).toMatchObject({
      code: 'wrong-key',
      message: expect.stringContaining('No identity in'),
    });
    expect(await refusal(sealFor(locked.recipient), locked.file)).toMatchObject({
      code: 'wrong-key',
      message: expect.stringContaining('locked with a passphrase'),
    });
    expect((await refusal(bytes.subarray(0, bytes.length - 40), right.file)).code).toBe('damaged');
    const changed = Buffer.from(bytes);
    changed[bytes.length - 1000] = (changed[bytes.length - 1000] ?? 0) ^ 1;
    expect((await refusal(changed, right.file)).code).toBe('damaged');
  });

  it('of a plugin that is not there is named, and so is the program that is not', async () => {
    const file = at('plugin.key');
    writeFileSync(file, 'AGE-PLUGIN-NOSUCHPLUGIN-1QQPQQQQQQQ\n', { mode: 0o600 });
    const refused = failureFrom(await unpack(seal(content), ['age'], { ageIdentityFile: file }));
    expect(refused).toMatchObject({ code: 'wrong-key', message: expect.stringContaining('cannot use') });
    const lost = await ageName({ run: (request) => processes.run({ ...request, program: 'no-such-age' }) });
    expect(failureFrom(lost)).toMatchObject({
      code: 'tool-missing',
      remedy: expect.stringContaining('Install age'),
      lacks: { program: 'age' },
    });
  });
});
