import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCompanyDatabase } from '../../../src/sandbox/company-database.ts';
import { withConnection } from '../../../src/sandbox/crm/database.ts';
import { type PostgresCluster, startPostgresCluster } from '../../../src/sandbox/postgres-cluster.ts';
import { readValue } from '../../parts/count-rows.ts';
import { checksOf, readRecord } from '../../parts/run-log.ts';
import { runThaw } from '../../parts/thaw.ts';

const run = promisify(execFile);
const settings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };

/** A sixth system by YAML alone: the text of docs/write-your-own-runbook.md, as it stands there. */
describe('The runbook of the handbook', () => {
  let folder: string;
  let clusters: readonly PostgresCluster[] = [];
  let url: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thaw-own-'));
    await chmod(folder, 0o711);
    const page = await readFile('docs/write-your-own-runbook.md', 'utf8');
    await mkdir(join(folder, 'runbooks'));
    await writeFile(
      join(folder, 'runbooks', 'bookshelf.yaml'),
      /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '',
    );
    clusters = await Promise.all(
      ['production', 'drill'].map((name) => startPostgresCluster({ folder: join(folder, name), settings })),
    );
    const [production, drill] = clusters;
    url = await makeCompanyDatabase({
      superuserUrl: production?.url ?? '',
      role: 'bookshelf',
      password: 'CANARY-bookshelf',
      database: 'bookshelf',
    });
    await withConnection(url, async (client) => {
      await client.query('create table books (id int primary key, title text not null, cover text not null)');
      await client.query(
        "insert into books select n, 'Book ' || n, n || '.jpg' from generate_series(1, 50) n",
      );
    });
    const covers = join(folder, 'covers');
    await mkdir(covers);
    for (let number = 1; number <= 5; number += 1)
      await writeFile(join(covers, `${number}.jpg`), `cover ${number}`);
    const nightly = join(folder, 'backups', 'nightly');
    await mkdir(nightly, { recursive: true });
    const day = new Date(Date.now() - 3_600_000).toISOString().slice(0, 10);
    const dump = join(nightly, `catalogue-${day}.sql`);
    await run(join(production?.binFolder ?? '', 'pg_dump'), ['-f', dump, '-d', url]);
    await run('gzip', ['-n', dump]);
    await run('tar', ['-czf', join(nightly, `covers-${day}.tar.gz`), '-C', covers, '.']);
    const taken = new Date(Date.now() - 60_000);
    for (const name of await readdir(nightly)) await utimes(join(nightly, name), taken, taken);
    env = {
      HOME: folder,
      BACKUPS: join(folder, 'backups'),
      DATABASE_URL: url,
      DRILL_DATABASE_URL: drill?.url ?? '',
      COVERS: covers,
    };
  });
  afterAll(async () => {
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  async function walk(...args: readonly string[]) {
    const logFolder = await mkdtemp(join(folder, 'log-'));
    const all = [...args, '--plain', '--log-dir', logFolder, '--snapshot', 'latest'];
    const end = await runThaw({ args: all, env, cwd: folder });
    return { end, checks: checksOf(await readRecord(logFolder)).join('\n') };
  }

  it('holds together, and its budgets fit the objective', async () => {
    const end = await runThaw({ args: ['lint', 'bookshelf'], env, cwd: folder });
    expect(end, end.text).toMatchObject({ status: 0 });
    expect(end.text).toMatch(/3 steps have budgets of 25:00 together: within the RTO of 30:00/);
  });

  it('drills, and leaves the catalogue and its covers alone', async () => {
    const { end, checks } = await walk('drill', 'bookshelf');
    expect(checks, end.text).toMatch(/smoke-checklist passed: Books are there: 50/);
    expect(checks).not.toMatch(/ failed: /);
    expect(await readdir(join(folder, 'covers'))).toHaveLength(5);
  });

  it('restores what was lost', async () => {
    await withConnection(url, (client) => client.query('drop table books').then(() => undefined));
    await rm(join(folder, 'covers', '3.jpg'));
    const confirm = ['--confirm', 'bookshelf', '--confirm', 'covers'];
    const { end, checks } = await walk(
      'restore',
      'bookshelf',
      '--yes',
      ...confirm,
      '--answer',
      'smoke-checklist.search=passed',
    );
    expect(checks, end.text).not.toMatch(/ failed: /);
    expect(await readValue(url, 'select count(*) as value from books')).toBe('50');
    expect(await readFile(join(folder, 'covers', '3.jpg'), 'utf8')).toBe('cover 3');
  });
});
