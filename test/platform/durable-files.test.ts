import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile, syncFolder, writeNewFile } from '../../src/platform/durable-files.ts';

const folders: string[] = [];
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-durable-'));
  folders.push(folder);
});
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true });
});

describe('A new file', () => {
  it('is never written over one that is there, nor through a link', async () => {
    const path = join(folder, 'a');
    await writeNewFile({ path, content: 'one', mode: 0o400 });
    expect(statSync(path).mode & 0o777).toBe(0o400);
    await expect(writeNewFile({ path, content: 'two' })).rejects.toThrow('EEXIST');
    symlinkSync('elsewhere', join(folder, 'link'));
    await expect(writeNewFile({ path: join(folder, 'link'), content: 'two' })).rejects.toThrow('EEXIST');
    expect(readFileSync(path, 'utf8')).toBe('one');
  });
});

describe('A file that is replaced', () => {
  it('has its new content and leaves nothing beside it', async () => {
    const path = join(folder, 'state.json');
    for (const alone of [false, true]) {
      await replaceFile({ path, content: `${alone}`, alone, readBack: true });
      expect(readFileSync(path, 'utf8')).toBe(`${alone}`);
      expect(readdirSync(folder)).toEqual(['state.json']);
    }
  });

  it('is whole whoever writes it at the same time', async () => {
    const path = join(folder, 'index');
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(5000));
    await Promise.all(texts.map((content) => replaceFile({ path, content })));
    expect(texts).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(folder)).toEqual(['index']);
  });

  it('takes away what a crash has left half written, where only one writes', async () => {
    const path = join(folder, '.env');
    writeFileSync(`${path}.writing`, 'SECRET=hal');
    await replaceFile({ path, content: 'SECRET=whole', mode: 0o600, alone: true });
    expect(readdirSync(folder)).toEqual(['.env']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps its old content where the new one cannot be written', async () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'old');
    await expect(replaceFile({ path: join(path, 'b'), content: 'new' })).rejects.toThrow('ENOTDIR');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

it('A file system that knows no sync of a folder is no reason to fail; a folder that is not there is', async () => {
  await syncFolder('/proc/self');
  await expect(syncFolder(join(folder, 'gone'))).rejects.toThrow('ENOENT');
});
