import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
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
import { createDiskHost } from '../../../src/adapters/disk/disk-host.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';
import { privateFileContract } from '../../contracts/private-file.contract.ts';

const host = createDiskHost({ env: {} });
const folders: string[] = [];
let folder = '';
const at = (name: string) => join(folder, name);
const content = Buffer.from('A=new\n');
const place = (name = '.env') =>
  host.placePrivateFile({ path: at(name), content, keepAs: at('.env.before-1') });

function makeFolder(): string {
  folder = mkdtempSync(join(tmpdir(), 'thaw-place-'));
  folders.push(folder);
  return folder;
}

beforeEach(() => void makeFolder());
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

describe('a private file on the disk', () => {
  privateFileContract(async () => ({ host, folder: makeFolder() }));

  it('is put in place over what a crash has left half written beside it', async () => {
    writeFileSync(at('.env'), 'A=old\n', { mode: 0o600 });
    writeFileSync(at('.env.writing'), 'A=n', { mode: 0o644 });
    writeFileSync(at('.env.before-1.writing'), 'A=o');
    valueFrom(await place());
    expect(readdirSync(folder).sort()).toEqual(['.env', '.env.before-1']);
    expect(readFileSync(at('.env'), 'utf8')).toBe('A=new\n');
    expect(readFileSync(at('.env.before-1'), 'utf8')).toBe('A=old\n');
    expect(statSync(at('.env')).mode & 0o777).toBe(0o600);
  });

  it('with the same bytes is only taken away from others', async () => {
    writeFileSync(at('.env'), content);
    chmodSync(at('.env'), 0o644);
    const { ino } = statSync(at('.env'));
    expect(valueFrom(await place())).toEqual({ was: 'equal' });
    expect(statSync(at('.env'))).toMatchObject({ ino, mode: 0o100600 });
    chmodSync(at('.env'), 0o400);
    valueFrom(await place());
    expect(valueFrom(await host.fileMode(at('.env')))).toBe(0o400);
  });

  it('behind a symbolic link is replaced where it is', async () => {
    mkdirSync(at('shared'));
    writeFileSync(at('shared/env'), 'A=old\n');
    symlinkSync('shared/env', at('.env'));
    valueFrom(await place());
    expect(lstatSync(at('.env')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('shared/env'), 'utf8')).toBe('A=new\n');
    expect(readFileSync(at('.env.before-1'), 'utf8')).toBe('A=old\n');
  });

  it('belongs to whom the old one belonged to', async () => {
    writeFileSync(at('.env'), 'A=old\n');
    // Only root can give a file away.
    if (process.getuid?.() === 0) chownSync(at('.env'), 1234, 4321);
    const { uid, gid } = statSync(at('.env'));
    valueFrom(await place());
    for (const name of ['.env', '.env.before-1']) expect(statSync(at(name))).toMatchObject({ uid, gid });
  });

  it('is not put where a folder stands, which stays as it is', async () => {
    mkdirSync(at('taken'));
    writeFileSync(at('taken/inside'), 'a');
    expect(failureFrom(await place('taken'))).toMatchObject({ code: 'conflict' });
    expect(readdirSync(at('taken'))).toEqual(['inside']);
  });
});
