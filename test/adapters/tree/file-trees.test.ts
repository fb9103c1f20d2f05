import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileTrees } from '../../../src/adapters/tree/file-trees.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';
import { makeTmpfs } from '../../parts/tmpfs.ts';

const trees = createFileTrees();
let folder = '';
const at = (name: string) => join(folder, name);
const quiet = { onProgress: () => {} };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-tree-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text = path): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

function makeDocuments(): void {
  write('docs/a.txt', 'first');
  write('docs/deep/b ä.txt', 'second');
  write(`docs/${'long-'.repeat(40)}/c.txt`, 'third');
  mkdirSync(at('docs/empty'));
  symlinkSync('deep/b ä.txt', at('docs/to-b'));
  linkSync(at('docs/a.txt'), at('docs/same-as-a.txt'));
  chmodSync(at('docs/a.txt'), 0o640);
  chmodSync(at('docs/deep'), 0o2750);
  if (process.getuid?.() === 0) chownSync(at('docs/deep/b ä.txt'), 1234, 4321);
  utimesSync(at('docs/a.txt'), 1_700_000_000, 1_700_000_000);
}

async function makeTar(
  name: string,
  entries: readonly {
    readonly name: string;
    readonly type?: 'file' | 'symlink' | 'link' | 'fifo' | 'directory' | 'character-device';
    readonly linkname?: string;
  }[],
): Promise<string> {
  const archive = pack();
  for (const entry of entries) {
    const { type = 'file' } = entry;
    archive.entry({ ...entry, type }, type === 'file' ? 'content' : '');
  }
  archive.finalize();
  writeFileSync(at(name), await buffer(archive as unknown as AsyncIterable<Uint8Array>));
  return at(name);
}

describe('unpacking a tar archive', () => {
  it.each(['gnu', 'pax', 'ustar'])(
    'of format %s keeps contents, modes, owners, times and links',
    async (format) => {
      makeDocuments();
      if (format === 'ustar') rmSync(at(`docs/${'long-'.repeat(40)}`), { recursive: true });
      execFileSync('tar', [`--format=${format}`, '-cf', at('docs.tar'), '-C', at('docs'), '.']);
      const progress: number[] = [];
      const unpacked = valueFrom(
        await trees.unpackTar({
          file: at('docs.tar'),
          toFolder: at('out'),
          onProgress: (done) => progress.push(done),
        }),
      );
      expect(unpacked).toMatchObject({ files: format === 'ustar' ? 3 : 4, links: 1 });
      expect(readFileSync(at('out/deep/b ä.txt'), 'utf8')).toBe('second');
      expect(readlinkSync(at('out/to-b'))).toBe('deep/b ä.txt');
      expect(lstatSync(at('out/a.txt')).mode & 0o7777).toBe(0o640);
      expect(lstatSync(at('out/a.txt')).mtimeMs).toBe(1_700_000_000_000);
      expect(lstatSync(at('out/deep')).mode & 0o7777).toBe(0o2750);
      expect(lstatSync(at('out/a.txt')).ino).toBe(lstatSync(at('out/same-as-a.txt')).ino);
      if (unpacked.ownersKept)
        expect(lstatSync(at('out/deep/b ä.txt'))).toMatchObject({ uid: 1234, gid: 4321 });
      expect(progress.at(-1)).toBeGreaterThan(0);
      const seen = valueFrom(await trees.summarise({ folder: at('out'), contents: true }));
      expect(seen).toEqual(unpacked);
      expect(valueFrom(await trees.summarise({ folder: at('docs'), contents: true }))).toEqual(unpacked);
    },
  );

  it('notices one changed byte, one changed mode and one lost file afterwards', async () => {
    makeDocuments();
    const before = valueFrom(
      await trees.copyFolder({ fromFolder: at('docs'), toFolder: at('out'), ...quiet }),
    );
    const look = async () => valueFrom(await trees.summarise({ folder: at('out'), contents: true }));
    expect(await look()).toEqual(before);
    writeFileSync(at('out/a.txt'), 'fjrst');
    expect((await look()).contentSha256).not.toBe(before.contentSha256);
    writeFileSync(at('out/a.txt'), 'first');
    chmodSync(at('out/a.txt'), 0o600);
    expect(await look()).toMatchObject({ contentSha256: before.contentSha256 });
    expect((await look()).listSha256).not.toBe(before.listSha256);
    rmSync(at('out/a.txt'));
    expect((await look()).files).toBe(before.files - 1);
  });

  const link = { name: 'way', type: 'symlink' } as const;
  it.each([
    { what: 'climbs out', entries: [{ name: '../escape' }] },
    { what: 'climbs out in the middle', entries: [{ name: 'a/../../escape' }] },
    { what: 'is absolute', entries: [{ name: `${tmpdir()}/thaw-escape` }] },
    { what: 'is a link to an absolute place', entries: [{ ...link, linkname: '/etc' }] },
    { what: 'is a link that climbs out', entries: [{ ...link, linkname: '../../etc' }] },
    { what: 'goes through a link', entries: [{ ...link, linkname: '.' }, { name: 'way/x' }] },
    { what: 'replaces a link', entries: [{ ...link, linkname: 'b' }, { name: 'way' }] },
    {
      what: 'is a hard link to a file outside',
      entries: [{ name: 'x', type: 'link' as const, linkname: '/etc/passwd' }],
    },
    { what: 'is a pipe', entries: [{ name: 'x', type: 'fifo' as const }] },
    { what: 'is a device', entries: [{ name: 'x', type: 'character-device' as const }] },
  ])('refuses one with an entry that $what, before anything is written', async ({ entries }) => {
    const file = await makeTar('bad.tar', [{ name: 'good' }, ...entries]);
    mkdirSync(at('out'));
    writeFileSync(at('out/was-here'), '');
    const failure = failureFrom(await trees.unpackTar({ file, toFolder: at('out'), ...quiet }));
    expect(failure).toMatchObject({ code: 'invalid-input', retry: 'never' });
    expect(readdirSync(at('out'))).toEqual(['was-here']);
    expect(readdirSync(folder).sort()).toEqual(['bad.tar', 'out']);
  });

  it('calls one that ends early damaged, wherever the cut is, and writes nothing', async () => {
    const file = await makeTar('whole.tar', [{ name: 'a' }, { name: 'b' }]);
    for (const keptBytes of [0, 300, 512, 700, 1024, 1100, 2048]) {
      truncateSync(await makeTar('whole.tar', [{ name: 'a' }, { name: 'b' }]), keptBytes);
      const failure = failureFrom(await trees.unpackTar({ file, toFolder: at('out'), ...quiet }));
      expect(failure.code).toBe('damaged');
      expect(existsSync(at('out'))).toBe(false);
    }
    writeFileSync(file, 'no tar at all '.repeat(200));
    expect(failureFrom(await trees.unpackTar({ file, toFolder: at('out'), ...quiet })).code).toBe('damaged');
    expect(failureFrom(await trees.unpackTar({ file: at('none'), toFolder: at('out'), ...quiet })).code).toBe(
      'not-found',
    );
  });

  it('can be cancelled', async () => {
    const file = await makeTar('some.tar', [{ name: 'a' }]);
    const request = { file, toFolder: at('out'), signal: AbortSignal.abort(), ...quiet };
    expect(failureFrom(await trees.unpackTar(request)).code).toBe('cancelled');
  });
});

describe('copying a folder', () => {
  it('copies files that hard links share, so that the snapshot stays as it is', async () => {
    makeDocuments();
    const copied = valueFrom(
      await trees.copyFolder({ fromFolder: at('docs'), toFolder: at('out'), ...quiet }),
    );
    expect(valueFrom(await trees.summarise({ folder: at('docs'), contents: true }))).toEqual(copied);
    expect(lstatSync(at('out/a.txt')).ino).not.toBe(lstatSync(at('docs/a.txt')).ino);
    writeFileSync(at('out/a.txt'), 'changed by the application');
    expect(readFileSync(at('docs/a.txt'), 'utf8')).toBe('first');
  });

  it('refuses a link that leads out of it', async () => {
    write('docs/a.txt');
    symlinkSync('/etc/passwd', at('docs/way-out'));
    const failure = failureFrom(
      await trees.copyFolder({ fromFolder: at('docs'), toFolder: at('out'), ...quiet }),
    );
    expect(failure.code).toBe('invalid-input');
    expect(existsSync(at('out'))).toBe(false);
  });
});

describe('swapping folders', () => {
  const names = () => ({ target: at('live'), incoming: at('incoming'), kept: at('kept'), hadTarget: true });
  const make = () => {
    write('live/x', 'old');
    write('incoming/x', 'new');
  };
  const stands = () => {
    expect(readFileSync(at('live/x'), 'utf8')).toBe('new');
    expect(readFileSync(at('kept/x'), 'utf8')).toBe('old');
    expect(existsSync(at('incoming'))).toBe(false);
  };

  it('keeps the old one aside', async () => {
    make();
    valueFrom(await trees.swap(names()));
    stands();
  });

  it('goes on after a crash between the renames, and is done when it was done', async () => {
    make();
    renameSync(at('live'), at('kept'));
    valueFrom(await trees.swap(names()));
    stands();
    valueFrom(await trees.swap(names()));
    stands();
  });

  it('puts the first one in place where there was none', async () => {
    write('incoming/x', 'new');
    const first = { ...names(), target: at('below/live'), hadTarget: false };
    valueFrom(await trees.swap(first));
    valueFrom(await trees.swap(first));
    expect(readFileSync(at('below/live/x'), 'utf8')).toBe('new');
  });

  it('touches nothing when somebody has been there meanwhile', async () => {
    make();
    write('kept/x', "somebody's");
    expect(failureFrom(await trees.swap(names())).code).toBe('conflict');
    expect(readFileSync(at('live/x'), 'utf8')).toBe('old');
  });
});

describe('swapping what is in a mount point', () => {
  const names = () => ({
    target: at('live'),
    incoming: at('live/.thaw.restore-1'),
    kept: at('live/.thaw.before-1'),
    hadTarget: true,
  });
  const make = () => {
    for (const name of ['a', 'b/deep', 'c']) write(`live/${name}`, 'old');
    for (const name of ['a', 'd/deep']) write(`live/.thaw.restore-1/${name}`, 'new');
    mkdirSync(at('live/lost+found'));
    chmodSync(at('live/.thaw.restore-1'), 0o750);
  };
  /** Every rename the swap makes, in its order. */
  const moves = [
    ['a', '.thaw.before-1/a'],
    ['b', '.thaw.before-1/b'],
    ['c', '.thaw.before-1/c'],
    ['.thaw.restore-1', '.thaw.restore-1.in'],
    ['.thaw.restore-1.in/a', 'a'],
    ['.thaw.restore-1.in/d', 'd'],
  ] as const;
  const stands = () => {
    expect(readdirSync(at('live')).sort()).toEqual(['.thaw.before-1', 'a', 'd', 'lost+found']);
    expect(readFileSync(at('live/a'), 'utf8')).toBe('new');
    expect(readdirSync(at('live/.thaw.before-1')).sort()).toEqual(['a', 'b', 'c']);
    expect(readFileSync(at('live/.thaw.before-1/a'), 'utf8')).toBe('old');
    expect(lstatSync(at('live')).mode & 0o777).toBe(0o750);
  };

  it.each(moves.map((_, done) => done))('ends the same after a crash behind %i renames', async (done) => {
    make();
    if (done > 0) mkdirSync(at('live/.thaw.before-1'));
    for (const [from, to] of moves.slice(0, done)) renameSync(at(`live/${from}`), at(`live/${to}`));
    expect(valueFrom(await trees.isHalfway(names()))).toBe(done > 0);
    valueFrom(await trees.swap(names()));
    stands();
    expect(valueFrom(await trees.isHalfway(names()))).toBe(false);
    valueFrom(await trees.swap(names()));
    stands();
  });

  it('can be taken back, and what is kept is no part of what is there', async () => {
    make();
    const before = valueFrom(await trees.summarise({ folder: at('live'), contents: true }));
    valueFrom(await trees.swap(names()));
    const undone = { ...names(), incoming: names().kept, kept: at('live/.thaw.undone-1') };
    valueFrom(await trees.swap(undone));
    expect(valueFrom(await trees.summarise({ folder: at('live'), contents: true }))).toEqual(before);
    expect(readFileSync(at('live/.thaw.undone-1/d/deep'), 'utf8')).toBe('new');
  });

  it('writes over nothing that came into being meanwhile', async () => {
    make();
    mkdirSync(at('live/.thaw.before-1'));
    renameSync(at('live/a'), at('live/.thaw.before-1/a'));
    write('live/a', 'of an application that was started too early');
    expect(failureFrom(await trees.swap(names()))).toMatchObject({ code: 'conflict' });
    expect(readFileSync(at('live/.thaw.before-1/a'), 'utf8')).toBe('old');
  });

  it('leaves the owner and the mode of the place alone where the archive says nothing about them', async () => {
    make();
    chmodSync(at('live'), 0o775);
    chmodSync(at('live/.thaw.restore-1'), 0o700);
    valueFrom(await trees.swap(names()));
    expect(lstatSync(at('live')).mode & 0o777).toBe(0o775);
  });

  it('knows a mount point from a folder', async () => {
    const mounted = await makeTmpfs({ folder: at('mounted ä'), sizeBytes: 1_000_000 });
    try {
      expect(valueFrom(await trees.isMountPoint(mounted.folder))).toBe(true);
      expect(valueFrom(await trees.isMountPoint(folder))).toBe(false);
      expect(valueFrom(await trees.isMountPoint(at('nothing')))).toBe(false);
    } finally {
      await mounted.remove();
    }
  });

  it('is left out of an archive that holds what was kept once', async () => {
    write('docs/a.txt', 'first');
    write('docs/.thaw.before-9/old.txt', 'older');
    execFileSync('tar', ['-cf', at('docs.tar'), '-C', at('docs'), '.']);
    const unpacked = valueFrom(
      await trees.unpackTar({ file: at('docs.tar'), toFolder: at('out'), ...quiet }),
    );
    expect(unpacked).toMatchObject({ files: 1, folders: 0 });
    expect(readdirSync(at('out'))).toEqual(['a.txt']);
  });
});
