import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Cell,
  type Crossing,
  crossings,
  type Format,
  formats,
  isRefused,
  isTried,
  majors,
  older,
  type Refusal,
} from '../../scripts/crossings.ts';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { shopRunbook } from '../parts/shop-runbook.ts';
import { thawHere } from '../parts/thaw.ts';
import { type Build, buildOf, onPath } from './builds.ts';
import { writeEvidence } from './evidence.ts';
import { type Look, lookAt, makeRoles, makeShop } from './shop-of-everything.ts';

/**
 * A dump of each version, restored with each version into each that is not older, in each format. What came of it is written down for
 * docs/versions.md.
 */

type Server = { readonly build: Build; readonly cluster: TestCluster };

const servers = new Map<number, Server>();
const cells: Cell[] = [];
const refusals: Refusal[] = [];
let folder = '';
const at = (name: string) => join(folder, name);

function serverOf(major: number): Server {
  const found = servers.get(major);
  if (found === undefined) throw new Error(`No PostgreSQL ${major} was started.`);
  return found;
}

const newest = () => serverOf(Math.max(...majors)).build;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-versions-'));
  for (const major of majors) {
    const build = buildOf(major);
    const cluster = await onPath(build, () => startTestCluster());
    servers.set(major, { build, cluster });
    await makeRoles(cluster);
    await makeShop(cluster, { name: 'shop', build, withIcu: false });
    if (build.hasIcu) await makeShop(cluster, { name: 'shop_icu', build, withIcu: true });
  }
});
afterAll(async () => {
  await Promise.all([...servers.values()].map(({ cluster }) => cluster.remove()));
  rmSync(folder, { recursive: true, force: true });
  await writeEvidence({
    builds: [...servers.values()].map(({ build: { major, version, hasIcu } }) => ({
      major,
      version,
      hasIcu,
    })),
    cells,
    refusals,
  });
});

type Dump = {
  readonly database: string;
  readonly source: number;
  readonly dump: number;
  readonly format: Format;
};

/** The folder with that dump alone: made once. */
function storeOf({ database, source, dump, format }: Dump): string {
  const store = at(`${database}-${source}-${dump}-${format}`);
  if (existsSync(store)) return store;
  mkdirSync(store);
  const program = join(serverOf(dump).build.folder, 'pg_dump');
  const url = serverOf(source).cluster.urlOf(database);
  const [file, made] = [join(store, 'shop-2026-11-19.dump'), at('made')];
  execFileSync(program, [`--format=${format}`, `--file=${format === 'directory' ? made : file}`, url]);
  if (format === 'directory') {
    execFileSync('tar', ['-cf', file, '-C', folder, 'made']);
    rmSync(made, { recursive: true });
  }
  return store;
}

/** A step that acts, as `stop-writers` would: it leaves a file. */
const acted = () => at('acted');
const act = () => ({ kind: 'command', program: 'touch', args: [acted()] });

type Walk = Dump & Pick<Crossing, 'restore' | 'target'>;

async function restore(walk: Walk) {
  const { build } = serverOf(walk.restore);
  const { cluster } = serverOf(walk.target);
  rmSync(acted(), { force: true });
  rmSync(at('logs'), { recursive: true, force: true });
  writeFileSync(at('shop.yaml'), shopRunbook({ store: storeOf(walk), before: [act()] }));
  const end = await onPath(build, () =>
    thawHere({
      args: [
        ...['restore', at('shop.yaml'), '--plain', '--yes', '--snapshot', 'latest', '--confirm', 'crossed'],
        ...['--log-dir', at('logs')],
      ],
      env: { HOME: folder, LIVE: cluster.urlOf('crossed') },
      cwd: folder,
    }),
  );
  return { ...end, hasActed: existsSync(acted()) };
}

const looks = new Map<string, Look>();

async function sourceLook({ database, source }: Dump): Promise<Look> {
  const key = `${database}-${source}`;
  const look = looks.get(key) ?? (await lookAt(serverOf(source).cluster, { database, reader: newest() }));
  looks.set(key, look);
  return look;
}

const databasesOf = ({ cluster }: Server) =>
  cluster.sql(
    'postgres',
    'SELECT oid, datname FROM pg_database UNION ALL SELECT oid, rolname FROM pg_roles ORDER BY 2, 1',
  );

/** The words of the line that blocks, and what to do. The port is of this run alone. */
function refusalIn(text: string): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => / failed: /.test(line));
  const [said = '', toDo = ''] = lines.slice(Math.max(at, 0), Math.max(at, 0) + 2);
  const words = `${said.replace(/^.*? failed: /, '')} ${toDo.replace(/^.*?to do: /, '')}`;
  return words.replace(/127\.0\.0\.1:\d+/g, 'db:5432');
}

async function expectEqual(walk: Walk): Promise<string> {
  const { cluster } = serverOf(walk.target);
  await cluster.sql('postgres', 'DROP DATABASE IF EXISTS crossed');
  const end = await restore(walk);
  const record = await readRecord(at('logs'));
  const checks = checksOf(record);
  // Who makes a manifest is asked elsewhere: these dumps have none.
  expect(
    checks.filter((check) => !/ (?:passed|skipped): |manifest/.test(check)),
    end.text,
  ).toEqual([]);
  expect(checks, end.text).toContain('restore-database passed: crossed is the restored database');
  expect(end.hasActed).toBe(true);
  const [program, version] = [
    walk.format === 'plain' ? 'psql' : 'pg_restore',
    serverOf(walk.restore).build.version,
  ];
  expect(checks.join('\n')).toContain(`${program} ${version}`);
  const before = await sourceLook(walk);
  const after = await lookAt(cluster, { database: 'crossed', reader: newest() });
  expect(after.contents).toEqual(before.contents);
  expect(after.catalogue.map((line) => line.replaceAll('crossed', walk.database))).toEqual(before.catalogue);
  expect(before.contents.length).toBeGreaterThan(10);
  return `${before.catalogue.length} lines of the catalogue, ${before.contents.length} digests`;
}

async function expectRefused(walk: Walk): Promise<string> {
  const server = serverOf(walk.target);
  const before = await databasesOf(server);
  const end = await restore(walk);
  expect(end.status, end.text).toBe(3);
  expect(end.hasActed, end.text).toBe(false);
  expect(await databasesOf(server)).toEqual(before);
  return refusalIn(end.text);
}

describe.each(crossings)(
  'a dump of PostgreSQL $source by pg_dump $dump, restored with the programs of $restore into $target',
  (crossing) => {
    it.each(formats.filter((format) => isTried(crossing, format)))(
      'as %s comes back equal, or is refused before the first act',
      async (format) => {
        const withIcu = serverOf(crossing.source).build.hasIcu && serverOf(crossing.target).build.hasIcu;
        const walk = { ...crossing, format, database: withIcu ? 'shop_icu' : 'shop' };
        const refused = isRefused(crossing, format);
        const words = refused ? await expectRefused(walk) : await expectEqual(walk);
        cells.push({ ...crossing, format, outcome: refused ? 'refused' : 'equal', words });
      },
    );
  },
);

describe.each(older)('PostgreSQL $newer and $older', (pair) => {
  it.each(formats)(
    'a dump of the newer as %s is refused for the older server before the first act',
    async (format) => {
      const { newer } = pair;
      const walk = {
        database: 'shop',
        source: newer,
        dump: newer,
        restore: newest().major,
        target: pair.older,
        format,
      };
      const words = await expectRefused(walk);
      expect(words).toContain(`postgresql-${newer}`);
      if (format === 'custom') refusals.push({ what: 'a server older than the dump', ...pair, words });
    },
  );

  it('no backup of the newer is begun with the pg_dump of the older', async () => {
    const [store, server] = [at(`backups-${pair.newer}-${pair.older}`), serverOf(pair.newer)];
    mkdirSync(store);
    const producer = 'producer:\n  host: shop-1\n  compression: none\n';
    writeFileSync(at('backup.yaml'), `${shopRunbook({ store })}${producer}`);
    const end = await onPath(serverOf(pair.older).build, () =>
      thawHere({
        args: ['backup', at('backup.yaml')],
        env: { HOME: folder, LIVE: server.cluster.urlOf('shop') },
        cwd: folder,
      }),
    );
    expect(end.status, end.text).not.toBe(0);
    expect(readdirSync(store)).toEqual([]);
    const words = end.text.trim().split('\n').join(' ');
    expect(words).toContain(`Install postgresql-client-${pair.newer}`);
    refusals.push({ what: 'a `pg_dump` older than the server', ...pair, words });
  });
});
