import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../src/adapters/process/execa-process-runner.ts';
import { openUnpacker } from '../../src/layers/open-unpacker.ts';
import type { KeyConfig, Layer } from '../../src/ports/unpacker.ts';
import { type GpgHome, type GpgKey, makeGpgHome } from '../parts/gpg-keys.ts';

/** What stands in a name and what stands in the file are two things. */

const processes = createProcessRunner();
const archive = Buffer.concat([Buffer.from('PGDMP'), randomBytes(300_000)]);
const sql = Buffer.from(`--\n-- PostgreSQL database dump\n--\n\n${'SELECT 1;\n'.repeat(2000)}`);
let home: GpgHome;
let second: GpgKey;
let keys: KeyConfig;
let counter = 0;

beforeAll(() => {
  home = makeGpgHome();
  const one = home.makeKey({ userId: 'One <one@example.org>', kind: 'ed25519' });
  second = home.makeKey({ userId: 'Other <other@example.org>', kind: 'ed25519' });
  const both = [one, second].map((key) => readFileSync(home.exportSecret(key), 'latin1')).join('\n');
  keys = { privateKeyFile: home.file('both.asc', Buffer.from(both)) };
});
afterAll(() => home?.remove());

async function open(bytes: Buffer, layers: readonly Layer[]) {
  counter += 1;
  const unpacker = openUnpacker({ keys, processes });
  const toFile = home.file(`out-${counter}`);
  const fromFile = home.file(`in-${counter}`, bytes);
  const unpacked = await unpacker.unpack({ fromFile, toFile, layers, onProgress: () => undefined });
  const peeked = await unpacker.peek({ body: Readable.from([bytes]), layers, wantBytes: 1000 });
  if (!unpacked.ok || !peeked.ok) return { failures: [unpacked, peeked] };
  return { content: readFileSync(toFile), engine: unpacked.value.engine, head: peeked.value };
}

const cases: readonly (readonly [string, Buffer, () => Buffer, readonly Layer[], RegExp])[] = [
  ['an archive named .gz', archive, () => archive, ['gzip'], /no gzip, although the name says so/],
  ['SQL named .zst', sql, () => sql, ['zstd'], /no zstd, although the name says so/],
  ['gzip twice', archive, () => gzipSync(gzipSync(archive)), ['gzip'], /gzip, unsaid by the name/],
  ['gzip without its ending', sql, () => gzipSync(sql), [], /gzip, unsaid by the name/],
  ['zstd named .gz', archive, () => zstdCompressSync(archive), ['gzip'], /zstd, although the name says gzip/],
  [
    'armor to the second key of the file, gzip inside, named .asc alone',
    archive,
    () => toOther(gzipSync(archive)),
    ['openpgp'],
    /gzip, unsaid by the name/,
  ],
  ['armor that no name tells of', archive, () => toOther(archive), [], /openpgp, unsaid by the name/],
];

function toOther(content: Buffer): Buffer {
  return home.encryptTo([second], content, '--armor');
}

describe('opened by its content, and said', () => {
  it.each(cases)('%s', async (_title, content, make, layers, said) => {
    const opened = await open(make(), layers);
    expect(opened.failures).toBeUndefined();
    expect(opened.content?.equals(content)).toBe(true);
    expect(opened.head?.equals(content.subarray(0, 1000))).toBe(true);
    expect(opened.engine).toMatch(said);
  });
});

const program = (name: string, args: readonly string[], input: Buffer) =>
  execFileSync(name, [...args], { input, stdio: ['pipe', 'pipe', 'ignore'] });

const foreign: readonly (readonly [string, () => Buffer, RegExp, RegExp])[] = [
  ['bzip2', () => program('bzip2', ['-c'], archive), /is bzip2/, /bzip2 --decompress/],
  ['xz', () => program('xz', ['-c'], archive), /is xz/, /xz --decompress/],
  ['lz4', () => program('lz4', ['-c'], archive), /is lz4/, /lz4 -d/],
  ['zip', () => program('zip', ['-q', '-', '-'], archive), /zip archive/, /unzip -p/],
  [
    'UTF-16',
    () => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(sql.toString(), 'utf16le')]),
    /UTF-16 text, as > of PowerShell/,
    /iconv -f UTF-16 -t UTF-8/,
  ],
];

describe('what is not opened', () => {
  it.each(foreign)('%s is told with the command that takes it off', async (_name, make, what, how) => {
    for (const layers of [[], ['gzip']] as const) {
      for (const outcome of (await open(make(), layers)).failures ?? [])
        expect(outcome).toMatchObject({
          failure: {
            code: 'invalid-input',
            message: expect.stringMatching(what),
            remedy: expect.stringMatching(how),
          },
        });
    }
    expect((await open(make(), [])).failures).toHaveLength(2);
  });

  it('an archive that PowerShell made UTF-16 of is told as lost', async () => {
    const text = Buffer.from(archive.toString('latin1'), 'utf16le');
    const { failures } = await open(Buffer.concat([Buffer.from([0xff, 0xfe]), text]), []);
    expect(failures?.[0]).toMatchObject({
      failure: { code: 'damaged', remedy: expect.stringContaining('--file') },
    });
  });

  it('what should be encrypted and is not is no dump for that', async () => {
    expect((await open(archive, ['openpgp'])).failures?.[0]).toMatchObject({ ok: false });
    expect((await open(gzipSync(archive), ['age', 'gzip'])).failures?.[0]).toMatchObject({ ok: false });
  });

  it('bytes that are nothing are damaged gzip still', async () => {
    expect((await open(Buffer.from('plain words'), ['gzip'])).failures?.[0]).toMatchObject({
      failure: { code: 'damaged', message: expect.stringContaining('no gzip data') },
    });
  });
});
