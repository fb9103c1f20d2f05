import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thawHere } from '../parts/thaw.ts';

/**
 * A drill is led into the real files by a link or a mount: how a place is written says nothing about where it is. Remains: a place that two hosts
 * share over a network, or that an rclone remote leads to, is known by its content alone.
 */

let folder = '';
let mounted: string[] = [];
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-ways-'));
  for (const name of ['store/media-2026-11-01', 'live/media/deep', 'live/objects', 'elsewhere'])
    mkdirSync(at(name), { recursive: true });
  writeFileSync(at('store/media-2026-11-01/new.jpg'), 'from the backup');
  writeFileSync(at('live/media/real.jpg'), 'real');
  writeFileSync(at('live/objects/real.pdf'), 'real');
});
afterEach(() => {
  for (const path of mounted) execFileSync('umount', [path]);
  mounted = [];
  rmSync(folder, { recursive: true, force: true });
});

function bind(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  execFileSync('mount', ['--bind', from, to]);
  mounted.push(to);
}

const folders = (drillInto: string) => `
  - kind: restore-files
    which: newest
    from: { kind: tree, prefix: "media-2026-11-01/", store: { kind: directory, path: ${at('store')} } }
    into: ${at('live/media')}
    drillInto: ${drillInto}
`;
const objects = (drillInto: string) => `
  - kind: bring-objects
    from: { kind: tree, prefix: "media-2026-11-01/" }
    into: { kind: directory, path: ${at('live/media')} }
    drillInto: { kind: directory, path: ${drillInto} }
`;

async function drill(steps: string) {
  writeFileSync(
    at('media.yaml'),
    `
thaw: 1
name: media
title: Media
objectives: { rto: 1h, rpo: 24h }
backups:
  store: { kind: directory, path: ${at('store')} }
  dumps: { layout: "shop-{date}.dump" }
production: {}
drill: {}
steps:${steps}`,
  );
  const args = ['drill', at('media.yaml'), '--yes', '--plain', '--log-dir', at('logs')];
  return thawHere({ args, env: { HOME: folder }, cwd: folder });
}

const live = () => execFileSync('find', ['live', '-type', 'f'], { cwd: folder, encoding: 'utf8' });

/** Each makes a way into the folder of production and gives the drill's place, as an operator may have written it. */
const ways: Readonly<Record<string, () => string>> = {
  'a symbolic link': () => {
    symlinkSync(at('live/media'), at('link'));
    return at('link');
  },
  'a link into a folder below it': () => {
    symlinkSync(at('live/media/deep'), at('link'));
    return at('link');
  },
  'a link above it, with the rest written out': () => {
    symlinkSync(at('live'), at('link'));
    return at('link/media/drills/not/there/yet');
  },
  'two dots': () => at('elsewhere/../live/media/drills'),
  'a bind mount': () => {
    bind(at('live/media'), at('mounted'));
    return at('mounted');
  },
  'a bind mount of a folder below it': () => {
    bind(at('live/media/deep'), at('mounted'));
    return at('mounted/drills');
  },
  'a link to a bind mount of the folder above': () => {
    bind(at('live'), at('mounted'));
    symlinkSync(at('mounted/media'), at('link'));
    return at('link');
  },
};

describe("a drill's place of files that leads into production", () => {
  it.each(Object.keys(ways))('by %s is refused before anything is written', async (way) => {
    const before = live();
    const place = ways[way]?.() ?? '';
    const { status, text } = await drill(folders(place));
    expect(status, text).toBe(3);
    expect(text).toContain(`The drill would write into ${at('live/media')}, which is production`);
    expect(live()).toBe(before);
    expect(readFileSync(at('live/media/real.jpg'), 'utf8')).toBe('real');
  });

  it('is none where it lies beside it, and the drill leaves nothing behind', async () => {
    const { status, text } = await drill(folders(at('elsewhere')));
    expect(status, text).toBe(0);
    expect(readdirSync(at('elsewhere'))).toEqual([]);
  });
});

describe("a drill's store of objects that is a folder of production", () => {
  it.each(Object.keys(ways))('by %s is refused before anything is written', async (way) => {
    const place = ways[way]?.() ?? '';
    mkdirSync(place, { recursive: true });
    const before = live();
    const { status, text } = await drill(objects(place));
    expect(status, text).toBe(3);
    expect(text).toMatch(/The drill's object store .* is production: (it lies in its folder|they have)/);
    expect(live()).toBe(before);
  });
});
