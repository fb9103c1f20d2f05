import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { type Header, pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileTrees } from '../../src/adapters/tree/file-trees.ts';
import { failureFrom, valueFrom } from '../contracts/object-store.contract.ts';
import { runsOf } from '../parts/property-runs.ts';

/**
 * Whoever writes the store packs an archive whose entries lead out of the folder that it is unpacked into, through links behind links, or that
 * brings devices, sparse files and programs with rights. Remains: names that only look alike, and as many files as the disk takes.
 */

const trees = createFileTrees();
const secret = 'a secret of this host';
let folder = '';
let victim = '';
const at = (name: string) => join(folder, name);
const mode = (path: string) => lstatSync(path).mode & 0o7777;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'thaw-hostile-')));
  victim = at('victim');
  mkdirSync(victim, { mode: 0o700 });
  writeFileSync(join(victim, 'host-secret.txt'), secret, { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Entry = Partial<Header> & { readonly name: string };

async function makeTar(entries: readonly Entry[]): Promise<string> {
  const archive = pack();
  for (const entry of entries) {
    const type = entry.type ?? 'file';
    archive.entry({ ...entry, type }, type === 'file' ? 'content' : '');
  }
  archive.finalize();
  writeFileSync(at('evil.tar'), await buffer(archive as unknown as AsyncIterable<Uint8Array>));
  return at('evil.tar');
}

const unpack = async (entries: readonly Entry[]) =>
  trees.unpackTar({ file: await makeTar(entries), toFolder: at('out'), onProgress: () => {} });

const directory = (name: string, more: Partial<Header> = {}): Entry => ({
  name,
  type: 'directory',
  mode: 0o755,
  ...more,
});
const link = (name: string, linkname: string): Entry => ({ name, type: 'symlink', linkname });

/** Eight folders deep lies a link back to the top: `..` behind it climbs out, though the spelling stays within. */
function climbing(): { readonly entries: readonly Entry[]; readonly up: string } {
  const names = Array.from({ length: 8 }, (_, index) => `d${index + 1}`);
  const folders = names.map((_, index) => directory(names.slice(0, index + 1).join('/')));
  const deep = names.join('/');
  return {
    entries: [{ name: 'a.pdf' }, ...folders, link(`${deep}/l`, '../'.repeat(8))],
    up: `${deep}/l/${'../'.repeat(8)}`,
  };
}

function expectUntouched(): void {
  expect(mode(victim)).toBe(0o700);
  expect(lstatSync(victim)).toMatchObject({ uid: process.getuid?.(), gid: process.getgid?.() });
  expect(readdirSync(victim)).toEqual(['host-secret.txt']);
  expect(readFileSync(join(victim, 'host-secret.txt'), 'utf8')).toBe(secret);
  expect(mode(join(victim, 'host-secret.txt'))).toBe(0o600);
}

/** A listing of Node that goes down by itself follows links, and of two that lead up it makes trillions of places. */
function linksBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const full = join(folder, item.name);
    if (item.isSymbolicLink()) return [full];
    return item.isDirectory() ? linksBelow(full) : [];
  });
}

describe('an archive that somebody hostile made', () => {
  it('does not show a file of this host through a link that climbs behind another', async () => {
    const { entries, up } = climbing();
    const target = `${up}${victim.slice(1)}/host-secret.txt`;
    for (const evil of [
      [...entries, link('leak', target)],
      [entries[0] ?? link('x', '.'), link('leak', target), ...entries.slice(1)],
    ]) {
      const failure = failureFrom(await unpack(evil));
      expect(failure).toMatchObject({ code: 'invalid-input', retry: 'never' });
      expect(failure.message).toContain('the link "leak" leads out of the folder');
      expect(existsSync(at('out'))).toBe(false);
    }
  });

  it.each(['behind it', 'before it'])(
    'does not change a folder outside through a folder over a link, %s',
    async (place) => {
      const { entries, up } = climbing();
      const over = directory('m', { mode: 0o777, uid: 65_534, gid: 65_534 });
      const way = link('m', `${up}${victim.slice(1)}`);
      const order = place === 'behind it' ? [way, over] : [over, way];
      expect(failureFrom(await unpack([...entries, ...order]))).toMatchObject({ code: 'invalid-input' });
      const inside = failureFrom(await unpack([...entries, link('m', 'd1'), over]));
      expect(inside.message).toContain('"m" would be written over a link');
      expectUntouched();
    },
  );

  it.each([
    { what: 'a file below a link', entries: [link('w', 'd'), directory('d'), { name: 'w/x' }] },
    { what: 'a file below a link that comes later', entries: [{ name: 'w/x' }, link('w', 'd')] },
    { what: 'a link over a file', entries: [{ name: 'w' }, link('w', 'd')] },
    { what: 'a second link of one name', entries: [link('w', 'a'), link('w', 'b')] },
    { what: 'a file below a file', entries: [{ name: 'w' }, { name: 'w/x' }] },
    { what: 'a hard link to a link', entries: [link('w', 'x'), { name: 'h', type: 'link', linkname: 'w' }] },
    {
      what: 'a hard link below a link',
      entries: [link('w', 'd'), { name: 'd/f' }, { name: 'h', type: 'link', linkname: 'w/f' }],
    },
    { what: 'a link to an absolute place', entries: [link('w', '/etc/passwd')] },
    { what: 'a link to an absolute place behind another', entries: [link('v', 'w'), link('w', '//etc')] },
    { what: 'a socket', entries: [{ name: 'x', type: 'fifo' }] },
    { what: 'a device', entries: [{ name: 'x', type: 'block-device' }] },
  ] as readonly { readonly what: string; readonly entries: readonly Entry[] }[])(
    'is refused for $what',
    async ({ entries }) => {
      expect(failureFrom(await unpack([{ name: 'good' }, ...entries]))).toMatchObject({
        code: 'invalid-input',
        retry: 'never',
      });
      expect(existsSync(at('out'))).toBe(false);
    },
  );

  it('brings no set-user-ID and no set-group-ID program, and says which came', async () => {
    const unpacked = valueFrom(
      await unpack([
        { name: 'shell', mode: 0o4755 },
        { name: 'group', mode: 0o2750 },
        { name: 'plain', mode: 0o640 },
        { name: 'same', type: 'link', linkname: 'shell' },
      ]),
    );
    expect(unpacked.stripped).toEqual(['group', 'shell']);
    expect([mode(at('out/shell')), mode(at('out/group')), mode(at('out/plain'))]).toEqual([
      0o755, 0o750, 0o640,
    ]);
    expect(mode(at('out/same'))).toBe(0o755);
    const { stripped: _, ...expected } = unpacked;
    expect(valueFrom(await trees.summarise({ folder: at('out'), contents: true }))).toEqual(expected);
  });

  it.each([
    ['--format=gnu'],
    ['--format=pax', '--sparse-version=0.0'],
    ['--format=pax', '--sparse-version=0.1'],
    ['--format=pax', '--sparse-version=1.0'],
  ])('is refused with sparse files (%s %s), which would come out as something else', async (...format) => {
    mkdirSync(at('holes'));
    writeFileSync(at('holes/file'), 'beginning');
    truncateSync(at('holes/file'), 4 * 1024 * 1024);
    execFileSync('tar', [...format, '--sparse', '-cf', at('holes.tar'), '-C', at('holes'), 'file']);
    const request = { file: at('holes.tar'), toFolder: at('out'), onProgress: () => {} };
    const failure = failureFrom(await trees.unpackTar(request));
    expect(failure).toMatchObject({ code: 'invalid-input', message: expect.stringContaining('file"') });
  });

  it('keeps its links within, whatever they are put together from', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const step = fc.constantFrom('a', 'b', 'c', 'd', '..', '..', '..', '.', '', 'victim', 'out');
    const target = fc.array(step, { minLength: 1, maxLength: 7 }).map((steps) => steps.join('/'));
    const entry = fc.oneof(
      path.map((one) => directory(one, { mode: 0o777, uid: 65_534 })),
      path.map((one): Entry => ({ name: one, mode: 0o4777 })),
      fc.tuple(path, target).map(([one, to]) => link(one, to)),
      fc.tuple(path, path).map(([one, to]): Entry => ({ name: one, type: 'link', linkname: to })),
    );
    let written = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 8 }), async (entries) => {
        const outcome = await unpack(entries);
        expectUntouched();
        if (!outcome.ok) {
          expect(outcome.failure.code).toBe('invalid-input');
          return;
        }
        written += 1;
        for (const full of linksBelow(at('out'))) {
          if (!leadsSomewhere(full)) continue;
          const real = realpathSync(full);
          expect(real === at('out') || real.startsWith(`${at('out')}/`), full).toBe(true);
        }
      }),
      { numRuns: runsOf(400) },
    );
    expect(written).toBeGreaterThan(40);
  });
});

describe('a base backup that another program unpacks', () => {
  const tolerated = /^pg_tblspc\/\d+$/;
  const judge = async (entries: readonly Entry[]) =>
    trees.judgeTar({ file: await makeTar([{ name: 'PG_VERSION' }, ...entries]), tolerated });

  it('may have the links of its tablespaces and no other that leads out, and nothing below one', async () => {
    valueFrom(await judge([directory('pg_tblspc'), link('pg_tblspc/16400', '/srv/space')]));
    for (const evil of [
      [link('base', '/var/lib/postgresql/15/main/base')],
      [link('pg_tblspc/16400', '/srv/space'), { name: 'pg_tblspc/16400/x' }],
      [link('pg_tblspc', '/srv')],
    ]) {
      expect(failureFrom(await judge(evil))).toMatchObject({ code: 'invalid-input', retry: 'never' });
    }
    expect(existsSync(at('out'))).toBe(false);
  });
});

function leadsSomewhere(path: string): boolean {
  return existsSync(path);
}

describe('a folder that somebody hostile made', () => {
  it('is not copied with a link that climbs behind another, nor with the rights of a program', async () => {
    const deep = at(`from/${Array.from({ length: 4 }, (_, index) => `d${index}`).join('/')}`);
    mkdirSync(deep, { recursive: true });
    symlinkSync('../'.repeat(4), join(deep, 'l'));
    writeFileSync(at('from/shell'), '');
    if (process.getuid?.() === 0) chownSync(at('from/shell'), 65_534, 65_534);
    chmodSync(at('from/shell'), 0o4755);
    const copy = () =>
      trees.copyFolder({ fromFolder: at('from'), toFolder: at('out'), onProgress: () => {} });
    const copied = valueFrom(await copy());
    expect(copied.stripped).toEqual(['shell']);
    expect(mode(at('out/shell'))).toBe(0o755);
    symlinkSync(`${deep.slice(at('from/').length)}/l/../victim`, at('from/leak'));
    expect(failureFrom(await copy())).toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('the link leak leads out'),
    });
  });
});
