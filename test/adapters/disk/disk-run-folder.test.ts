import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DiskRunFolder, openRunFolder } from '../../../src/adapters/disk/disk-run-folder.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';

describe('The folder of a run', () => {
  let base: string;
  let path: string;
  let workPath: string;
  let folder: DiskRunFolder;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'thaw-run-'));
    path = join(base, 'restore-logs', '2026-04-28T1448Z-crm-live');
    workPath = join(base, 'work');
    folder = valueFrom(await openRunFolder({ path, workPath }));
  });
  afterEach(async () => {
    await folder.close();
    await rm(base, { recursive: true, force: true });
  });

  test('is new and empty at first, and called as its path ends', async () => {
    expect(folder.id).toBe('2026-04-28T1448Z-crm-live');
    expect(valueFrom(await folder.readJournal()).length).toBe(0);
    expect(valueFrom(await folder.outputDigests())).toEqual([]);
  });

  test('keeps the lines of the journal in the order they were given, though nobody waited', async () => {
    const lines = Array.from({ length: 50 }, (_, index) => `{"seq":${index}}\n`);
    await Promise.all(lines.map((line) => folder.appendJournal(line)));
    expect(valueFrom(await folder.readJournal()).toString()).toBe(lines.join(''));
    const again = valueFrom(await openRunFolder({ path, workPath }));
    await again.appendJournal('{"seq":50}\n');
    await again.close();
    expect(valueFrom(await folder.readJournal()).toString()).toBe(`${lines.join('')}{"seq":50}\n`);
  });

  test('moves a torn tail aside and goes on after the whole lines', async () => {
    await folder.appendJournal('{"seq":1}\n');
    await folder.appendJournal('{"seq":2,"ha');
    valueFrom(await folder.cutJournal('{"seq":1}\n'.length));
    await folder.appendJournal('{"seq":2}\n');
    expect(valueFrom(await folder.readJournal()).toString()).toBe('{"seq":1}\n{"seq":2}\n');
    expect(await readFile(join(path, 'journal.torn'), 'utf8')).toBe('{"seq":2,"ha\n');
    valueFrom(await folder.cutJournal(20));
    expect(valueFrom(await folder.readJournal()).length).toBe(20);
  });

  test('writes the output lines of each step in order, soon, and tells their digests', async () => {
    for (let line = 0; line < 500; line += 1)
      folder.appendOutput(line % 2 ? 'fetch' : 'restore', `line ${line}`);
    await sleep(300);
    const early = await readFile(join(path, 'output', 'fetch.log'), 'utf8');
    expect(early.split('\n').slice(0, 2)).toEqual(['line 1', 'line 3']);
    folder.appendOutput('fetch', 'the last');
    valueFrom(await folder.flushOutputs());
    const whole = await readFile(join(path, 'output', 'fetch.log'), 'utf8');
    expect(whole.endsWith('line 499\nthe last\n')).toBe(true);
    const digests = valueFrom(await folder.outputDigests());
    expect(digests.map((digest) => digest.name)).toEqual(['fetch.log', 'restore.log']);
    expect(digests[0]?.sha256).toBe(createHash('sha256').update(whole).digest('hex'));
  });

  test('tells a failing disk when it is asked, and loses no line once it works again', async () => {
    // A folder under the file's name refuses writes to root, too.
    await mkdir(join(path, 'output', 'fetch.log'), { recursive: true });
    folder.appendOutput('fetch', 'first');
    folder.appendOutput('restore', 'unharmed');
    await sleep(150);
    expect(failureFrom(await folder.flushOutputs())).toMatchObject({ code: 'conflict' });
    expect(await readFile(join(path, 'output', 'restore.log'), 'utf8')).toBe('unharmed\n');
    folder.appendOutput('fetch', 'second');
    await rm(join(path, 'output', 'fetch.log'), { recursive: true });
    valueFrom(await folder.flushOutputs());
    expect(await readFile(join(path, 'output', 'fetch.log'), 'utf8')).toBe('first\nsecond\n');
  });

  test('tells a full disk, by the device that is always full', async () => {
    await mkdir(join(path, 'output'));
    await symlink('/dev/full', join(path, 'output', 'fetch.log'));
    folder.appendOutput('fetch', 'lost?');
    expect(failureFrom(await folder.flushOutputs()).code).toBe('out-of-space');
    await rm(join(path, 'output', 'fetch.log'));
    valueFrom(await folder.flushOutputs());
    expect(await readFile(join(path, 'output', 'fetch.log'), 'utf8')).toBe('lost?\n');
  });

  test('replaces a record whole and says where it is', async () => {
    const file = valueFrom(await folder.writeRecord('record.md', 'first'));
    expect(valueFrom(await folder.writeRecord('record.md', 'second'))).toBe(file);
    expect(await readFile(file, 'utf8')).toBe('second');
    expect(await readdir(path)).toEqual(['record.md']);
  });

  test('keeps big files in a work folder for this user alone, and leaves nothing of it', async () => {
    await writeFile(folder.workFile('dump'), 'secret');
    expect((await stat(workPath)).mode & 0o777).toBe(0o700);
    valueFrom(await folder.clearWork());
    valueFrom(await folder.clearWork());
    expect(await readdir(base)).toEqual(['restore-logs']);
    await writeFile(folder.workFile('dump'), 'again');
    valueFrom(await folder.clearWork());
    expect(await readdir(base)).toEqual(['restore-logs']);
  });

  test('never takes a folder with foreign files for its work folder', async () => {
    const foreign = join(base, 'home');
    await mkdir(foreign);
    await writeFile(join(foreign, 'thesis'), 'years of work');
    const failure = failureFrom(await openRunFolder({ path, workPath: foreign }));
    expect(failure.code).toBe('conflict');
    expect(await readdir(foreign)).toEqual(['thesis']);
  });

  test('says when the folder cannot be made', async () => {
    await writeFile(join(base, 'file'), '');
    await chmod(join(base, 'file'), 0o600);
    const failure = failureFrom(await openRunFolder({ path: join(base, 'file', 'run'), workPath }));
    expect(failure.code).toBe('conflict');
  });
});
