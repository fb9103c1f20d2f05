import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { artifactKey } from '../../src/backups/artifact-keys.ts';
import { writeManifest } from '../../src/backups/manifest.ts';
import { sha256 } from '../../src/base/digest.ts';
import { type BackupStand, startBackupStand } from '../parts/backup-stand.ts';
import { runThaw } from '../parts/thaw.ts';

/**
 * A file without end is to take all memory, and one that is nothing but brackets the stack: what is read whole has a limit. Remains: a listing of very
 * many keys is held in memory.
 */

let stand: BackupStand;
let beside: (artifact: 'manifest' | 'objects') => string;

beforeAll(async () => {
  stand = await startBackupStand();
  await stand.backUp();
  const { key } = stand.newest().dump;
  beside = (artifact) => join(stand.backups, artifactKey(key, artifact));
});
afterAll(() => stand.remove());

/** In a process that gets a quarter of what the first edition took. */
const thaw = (...args: readonly string[]) =>
  runThaw({
    args,
    env: { HOME: stand.folder, NODE_OPTIONS: '--max-old-space-size=900' },
    cwd: stand.folder,
  });

async function withContent(path: string, content: Buffer | string, work: () => Promise<void>) {
  const before = readFileSync(path);
  try {
    writeFileSync(path, content);
    await work();
  } finally {
    writeFileSync(path, before);
  }
}

const brackets = '['.repeat(200_000);

describe('a manifest', () => {
  it('of 700 MB is not read to its end', async () => {
    await withContent(beside('manifest'), '', async () => {
      const file = openSync(beside('manifest'), 'r+');
      ftruncateSync(file, 700 * 2 ** 20);
      closeSync(file);
      const said = await thaw('verify', stand.runbookFile);
      expect(said.status, said.text).toBe(1);
      expect(said.text).toContain('is longer than');
      expect(said.text).not.toContain('a bug in thaw');
    });
  });

  it.each([
    ['nothing but brackets', brackets],
    ['brackets within what is not looked at', `{"thawManifest":1,"more":${brackets}${']'.repeat(200_000)}}`],
  ])('that is %s is no manifest', async (_what, text) => {
    await withContent(beside('manifest'), text, async () => {
      const said = await thaw('verify', stand.runbookFile);
      expect(said.status, said.text).toBe(1);
      expect(said.text).toMatch(/The manifest .* cannot be used/);
      expect(said.text).not.toContain('a bug in thaw');
    });
  });
});

describe('the list of objects', () => {
  it.each([
    ['that unpacks to a gigabyte', () => gzipSync(Buffer.alloc(2 ** 30, 'x'), { level: 9 })],
    ['that is not packed at all', () => Buffer.from('not gzip')],
  ])('%s cannot be used, and says so', async (_what, make) => {
    const list = make();
    const genuine = stand.newest();
    const parts = genuine.parts?.map((part) =>
      part.name === 'objects' ? { ...part, sha256: sha256(list), sizeBytes: list.length } : part,
    );
    await withContent(beside('objects'), list, () =>
      withContent(beside('manifest'), writeManifest({ ...genuine, parts }), async () => {
        const said = await thaw('verify', stand.runbookFile);
        expect(said.status, said.text).toBe(1);
        expect(said.text).toMatch(/The list of objects .* cannot be used/);
      }),
    );
  });
});

describe('a file of this host', () => {
  it('a runbook of brackets is one with a fault', async () => {
    const runbook = join(stand.folder, 'deep.yaml');
    writeFileSync(runbook, brackets);
    const said = await thaw('lint', runbook);
    expect(said.status, said.text).toBe(2);
    expect(said.text).toContain('it is nested too deeply');
    expect(said.text).not.toMatch(/Maximum call stack|a bug in thaw/);
  });

  it.each(['runbook', 'env file', 'key'])('a %s without end is refused', async (what) => {
    const endless = join(stand.folder, 'endless.yaml');
    symlinkSync('/dev/zero', endless);
    try {
      if (what === 'key')
        await stand.writeRunbook({
          backups: {
            store: { kind: 'directory', path: stand.backups },
            dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
            key: { privateKeyFile: endless },
          },
          steps: [{ kind: 'choose-snapshot' }, { kind: 'fetch' }, { kind: 'decrypt' }],
        });
      const args =
        what === 'runbook'
          ? ['lint', endless]
          : ['check', stand.runbookFile, ...(what === 'env file' ? ['--env-file', endless] : [])];
      const said = await thaw(...args);
      expect(said.status, said.text).not.toBe(0);
      expect(said.text).toContain('it is longer than anything of its kind');
    } finally {
      rmSync(endless);
      await stand.writeRunbook();
    }
  });
});
