import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFolderStream } from '../../../src/databases/route/folder-stream.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a folder on its way into a container', () => {
  it('is as long as announced, and tar makes the same files of it, which only their owner reads', async () => {
    const sizes = { 'toc.dat': 700, '1.dat': 0, '2.dat.gz': 1, '3.dat': 512, '4.dat': 2_000_001 };
    const from = join(folder, 'from');
    mkdirSync(join(from, 'deeper'), { recursive: true });
    for (const [name, size] of Object.entries(sizes))
      writeFileSync(join(from, name), Buffer.alloc(size, name));
    const stream = await openFolderStream({ folder: from });
    const bytes = await buffer(Readable.from(stream.chunks()));
    expect(bytes.length).toBe(stream.sizeBytes);
    execFileSync('tar', ['-xf', '-', '-C', folder], { input: bytes });
    for (const name of Object.keys(sizes))
      expect(readFileSync(join(folder, name)).equals(readFileSync(join(from, name))), name).toBe(true);
    const listed = execFileSync('tar', ['-tvf', '-'], { input: bytes, encoding: 'utf8' });
    expect(
      listed
        .trim()
        .split('\n')
        .every((line) => line.startsWith('-rw------- ')),
    ).toBe(true);
  });

  it('is only what is needed of it', async () => {
    for (const name of ['toc.dat', '1.dat']) writeFileSync(join(folder, name), name);
    const stream = await openFolderStream({ folder, only: ['toc.dat'] });
    const bytes = await buffer(Readable.from(stream.chunks()));
    expect(execFileSync('tar', ['-tf', '-'], { input: bytes, encoding: 'utf8' })).toBe('toc.dat\n');
  });

  it('tells tar the size of a file of more than 8 GiB', async () => {
    writeFileSync(join(folder, 'big.dat'), '');
    const sizeBytes = 9 * 2 ** 30 + 1;
    truncateSync(join(folder, 'big.dat'), sizeBytes);
    const stream = await openFolderStream({ folder });
    expect(stream.sizeBytes).toBe(512 + 9 * 2 ** 30 + 512 + 1024);
    const first = await stream.chunks().next();
    const listed = spawnSync('tar', ['-tvf', '-'], { input: first.value as Buffer, encoding: 'utf8' });
    expect(listed.stdout).toContain(` ${sizeBytes} `);
  });

  it('breaks off when a file becomes shorter meanwhile', async () => {
    writeFileSync(join(folder, 'toc.dat'), 'x'.repeat(1000));
    const stream = await openFolderStream({ folder });
    truncateSync(join(folder, 'toc.dat'), 10);
    await expect(buffer(Readable.from(stream.chunks()))).rejects.toThrow('became shorter');
  });
});
