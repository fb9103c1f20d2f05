import { execFileSync } from 'node:child_process';
import {
  existsSync,
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
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Bucket, openBucket } from '../../parts/bucket.ts';
import { findRgw } from '../../parts/find-s3-servers.ts';
import { createBucket, type S3Server, startRgw } from '../../parts/s3-servers.ts';
import { runThaw, startThaw } from '../../parts/thaw.ts';

const dayMs = 86_400_000;
const newestMs = Date.UTC(2026, 10, 20, 2);
const time = (ago: number) => new Date(newestMs - ago * dayMs).toISOString();
const stamp = (ago: number) => `${time(ago).slice(0, 19).replace(/[-:]/g, '')}Z`;
const dump = (ago: number) => `erp/prod/db/${stamp(ago)}.dump`;
const docs = (ago: number) => `erp/prod/docs/${stamp(ago)}.tar.gz`;
const media = (ago: number) => `media-${time(ago).slice(0, 10)}/`;
const body = Buffer.alloc(300, 'x');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-prune-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeRunbook(name: string, backups: Readonly<Record<string, unknown>>, keep = 1): string {
  const path = join(folder, `${name}.yaml`);
  const runbook = {
    thaw: 1,
    name,
    title: 'ERP',
    objectives: { rto: '1h', rpo: '24h' },
    backups: { dumps: { layout: 'erp/prod/db/{timestamp}.dump' }, ...backups },
    retention: { floor: keep },
    production: { database: { url: 'postgresql://nobody@127.0.0.1/erp' } },
    steps: [
      { kind: 'choose-snapshot' },
      { kind: 'fetch' },
      { kind: 'decrypt' },
      { kind: 'restore-database' },
      {
        kind: 'restore-files',
        id: 'documents',
        from: { kind: 'archive', layout: 'erp/prod/docs/{timestamp}.tar.gz' },
        into: join(folder, 'documents'),
      },
      {
        kind: 'restore-files',
        id: 'media',
        from: { kind: 'tree', prefix: 'media-{date}/' },
        into: join(folder, 'media'),
      },
    ],
  };
  writeFileSync(path, stringify(runbook));
  return path;
}

const request = (path: string, options: readonly string[]) => ({
  args: ['prune', path, ...options],
  env: { HOME: folder },
  cwd: folder,
});
const prune = (path: string, ...options: readonly string[]) => runThaw(request(path, options));

describe('a backup folder on this host, with hard-linked media', () => {
  const at = (key: string) => join(folder, 'store', key);
  const put = (key: string) => {
    mkdirSync(dirname(at(key)), { recursive: true });
    writeFileSync(at(key), body);
  };
  let path = '';

  beforeAll(() => {
    path = writeRunbook('folder', { store: { kind: 'directory', path: join(folder, 'store') } }, 2);
    for (const ago of [0, 1, 5, 6]) put(dump(ago));
    for (const ago of [0, 1, 5, 6, 40]) put(docs(ago));
    put(`${media(6)}photo.jpg`);
    put(`${media(6)}deep/er/film.mp4`);
    mkdirSync(at(`${media(6)}nothing-in-it`));
    // As rsync --link-dest makes them: another folder, the same files.
    for (const ago of [5, 1, 0]) execFileSync('cp', ['-al', at(media(6)), at(media(ago))]);
    put(`${media(50)}alone.jpg`);
  });

  it('shows each key with its size and why, and removes nothing', async () => {
    const end = await prune(path, '--dry-run');
    expect(end.status, end.text).toBe(0);
    expect(end.text).toContain(`remove  ${stamp(6)}: no rule keeps it`);
    expect(end.text).toContain(`${docs(6)}  300 B: belongs to this dump`);
    expect(end.text).toContain(`${media(6)}  2 files, 600 B: belongs to this dump`);
    expect(end.text).toContain(`leave   ${docs(40)}  300 B: there is no dump of its time`);
    expect(end.text).toContain('2 snapshots kept, 2 would be removed.');
    expect(existsSync(at(docs(6)))).toBe(true);
    const json = await prune(path, '--dry-run', '--json');
    const lines = json.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.find(({ type, id }) => type === 'would-remove' && id === stamp(5))).toMatchObject({
      items: [
        { role: 'dump', key: dump(5), sizeBytes: 300 },
        { role: 'archive', key: docs(5), sizeBytes: 300 },
        { role: 'tree', key: media(5), files: 2, sizeBytes: 600 },
      ],
    });
  });

  it('refuses a folder that is only a link to the files of a dump that stays', async () => {
    rmSync(at(media(5)), { recursive: true });
    symlinkSync(media(1).slice(0, -1), at(media(5).slice(0, -1)));
    const end = await prune(path);
    expect(end.status, end.text).toBe(1);
    expect(end.text).toMatch(/is not gone whole: Cannot remove .*a link leads to/);
    expect(readFileSync(at(`${media(1)}photo.jpg`))).toEqual(body);
    rmSync(at(media(5).slice(0, -1)));
  });

  it('finishes what was refused, and leaves the files of the other days as they are', async () => {
    put(`${media(5)}photo.jpg`);
    const end = await prune(path);
    expect(end.status, end.text).toBe(0);
    expect(end.text).toContain('2 left alone (600 B), since no dump is of their time');
    expect(readdirSync(at('erp/prod/db')).sort()).toEqual([1, 0].map((ago) => `${stamp(ago)}.dump`));
    expect(readdirSync(at('erp/prod/docs')).sort()).toEqual([40, 1, 0].map((ago) => `${stamp(ago)}.tar.gz`));
    const folders = readdirSync(at('')).filter((name) => name.startsWith('media-'));
    expect(folders.sort().map((name) => `${name}/`)).toEqual([50, 1, 0].map(media));
    expect(readFileSync(at(`${media(0)}deep/er/film.mp4`))).toEqual(body);
    expect(statSync(at(`${media(0)}photo.jpg`)).nlink).toBe(2);
  });
});

const found = await findRgw();
if ('absentBecause' in found) {
  it('says aloud that Ceph RGW is not tried, and why', () => {
    process.stderr.write(`\nPruning on S3 is NOT tried: ${found.absentBecause}.\n`);
    expect(process.env.CI, 'CI has to have every part').toBeUndefined();
  });
} else {
  describe('a bucket', onS3);
}

function onS3(): void {
  let server: S3Server;
  let bucket: Bucket;
  let path = '';

  beforeAll(async () => {
    server = await startRgw();
    bucket = openBucket(await createBucket(server));
    const { endpoint, region, accessKey, secretKey } = server;
    path = writeRunbook('bucket', {
      store: { kind: 's3', endpoint, region, bucket: bucket.config.bucket, accessKey, secretKey },
    });
    const nights = [0, ...Array.from({ length: 40 }, (_, index) => index + 5)];
    const keys = nights.flatMap((ago) => [dump(ago), docs(ago), `${media(ago)}a b`, `${media(ago)}ä/c`]);
    await Promise.all([...keys, docs(2)].map((key) => bucket.put(key, body)));
  });
  afterAll(async () => {
    bucket?.close();
    await server?.stop();
  });

  it('holds no dump without its documents when pruning is killed half-way, and the next one finishes', async () => {
    const running = startThaw(request(path, []));
    await running.waitFor(/removed erp\/prod\/db\/.*\n.*removed erp/);
    running.kill('SIGKILL');
    await running.ended;
    const half = new Set(await bucket.keys());
    const left = Array.from({ length: 45 }, (_, ago) => ago).filter((ago) => half.has(dump(ago)));
    expect(left.length).toBeGreaterThan(1);
    for (const ago of left) {
      const files = [docs(ago), `${media(ago)}a b`, `${media(ago)}ä/c`];
      expect(files.filter((key) => !half.has(key))).toEqual([]);
    }
    const end = await prune(path);
    expect(end.status, end.text).toBe(0);
    expect(end.text).toContain(`1 left alone (300 B), since no dump is of their time: ${docs(2)}`);
    expect(await bucket.keys()).toEqual(
      [dump(0), docs(2), docs(0), `${media(0)}a b`, `${media(0)}ä/c`].sort(),
    );
  });

  it('is finished from the mark where only the dump is gone', async () => {
    const mark = `${dump(9)}.removing.json`;
    for (const key of [docs(9), `${media(9)}a`, mark]) await bucket.put(key, body);
    const shown = await prune(path, '--dry-run');
    expect(shown.text).toContain(`remove  ${dump(9)}: an earlier removal was cut off`);
    const end = await prune(path);
    expect(end.status, end.text).toBe(0);
    expect((await bucket.keys()).filter((key) => key.includes(stamp(9)) || key.startsWith(media(9)))).toEqual(
      [],
    );
    expect(await bucket.keys()).toContain(docs(2));
  });
}
