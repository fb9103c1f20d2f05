import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverAccount } from '../../src/sandbox/postgres-install.ts';
import { type ArchivingCluster, startArchivingCluster } from '../parts/archiving-cluster.ts';
import { readValue } from '../parts/count-rows.ts';
import { findFreePort } from '../parts/free-port.ts';
import { checksOf, filesHolding, readRecord } from '../parts/run-log.ts';
import { stopRecovered } from '../parts/stop-recovered.ts';
import { runThaw } from '../parts/thaw.ts';

const run = promisify(execFile);
const cipherPass = 'CANARY-of-the-encrypted-repository';

/** The same disaster with pgBackRest as the engine: an encrypted repository, a full and an incremental backup. */
describe('Point-in-time recovery with pgBackRest', () => {
  let folder: string;
  let config: string;
  let company: ArchivingCluster;
  let beforeDisaster: Date;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thaw-backrest-'));
    await chmod(folder, 0o711);
    const account = await serverAccount();
    const repository = join(folder, 'repository');
    const locks = join(folder, 'locks');
    config = join(folder, 'pgbackrest.conf');
    for (const path of [repository, locks]) {
      await mkdir(path);
      if (account !== undefined) await chown(path, account.uid, account.gid);
    }
    const own = ['[global]', `repo1-path=${repository}`, `lock-path=${locks}`, 'log-level-file=off'];
    const secret = ['repo1-cipher-type=aes-256-cbc', `repo1-cipher-pass=${cipherPass}`, 'start-fast=y'];
    const stanza = (port: number) => [
      '[main]',
      `pg1-path=${join(folder, 'production', 'data')}`,
      `pg1-port=${port}`,
    ];
    await writeFile(config, [...own, ...secret, ...stanza(0), ''].join('\n'), { mode: 0o600 });
    if (account !== undefined) await chown(config, account.uid, account.gid);
    company = await startArchivingCluster({
      folder: join(folder, 'production'),
      archive: join(folder, 'unused'),
      archiveCommand: `pgbackrest --config=${config} --stanza=main archive-push %p`,
    });
    const { port } = company.cluster;
    const socket = [
      `pg1-socket-path=${join(folder, 'production')}`,
      'pg1-user=postgres',
      'pg1-database=postgres',
    ];
    await writeFile(config, [...own, ...secret, ...stanza(port), ...socket, ''].join('\n'));
    const passwords = join(folder, 'pgpass');
    await writeFile(passwords, `*:*:*:*:${company.password}\n`, { mode: 0o600 });
    if (account !== undefined) await chown(passwords, account.uid, account.gid);
    const backrest = (...args: readonly string[]) =>
      run('pgbackrest', [`--config=${config}`, '--stanza=main', '--log-level-console=warn', ...args], {
        ...account,
        cwd: '/',
        env: { PATH: process.env.PATH, PGPASSFILE: passwords },
      });
    await backrest('stanza-create');
    await company.file(100);
    await backrest('--type=full', 'backup');
    await company.file(40);
    await backrest('--type=incr', 'backup');
    await pause(1100);
    await company.file(10);
    beforeDisaster = await company.file(7);
    await pause(1100);
    await company.sql('delete from filings where id % 2 = 0', 'drop table companies cascade');
    await company.archiveNow();
  });
  afterAll(async () => {
    await company?.cluster.stop();
    for (const path of await readdir(folder, { recursive: true }))
      if (path.endsWith('/postmaster.pid')) await stopRecovered(join(folder, dirname(path)));
    await rm(folder, { recursive: true, force: true });
  });

  it('chooses the last backup before the moment, restores it with every checksum compared, and replays from the repository', async () => {
    const logFolder = await mkdtemp(join(folder, 'log-'));
    const recovered = await mkdtemp(join(folder, 'recovered-'));
    await chmod(recovered, 0o711);
    const port = String(await findFreePort());
    const end = await runThaw({
      args: [
        ...['restore', 'corporate-intel-pgbackrest', '--plain', '--log-dir', logFolder, '--yes'],
        ...['--answer', 'recover-cluster.promote=yes', '--answer', 'switch-over=yes'],
      ],
      env: {
        HOME: folder,
        TMPDIR: folder,
        RECOVER_TO: beforeDisaster.toISOString(),
        RECOVERED_FOLDER: join(recovered, 'data'),
        RECOVERED_PORT: port,
        PGBACKREST_CONFIG: config,
        PGBACKREST_STANZA: 'main',
        BACKUP_ROOT: folder,
        DB_HOST: '127.0.0.1',
        DB_PORT: String(company.cluster.port),
        PGPASSWORD: company.password,
      },
      cwd: folder,
    });
    const checks = checksOf(await readRecord(logFolder)).join('\n');
    expect(checks, end.text).toMatch(
      /every file of \S+F_\S+I of stanza main is as it was backed up \(pgBackRest checksums\)/,
    );
    expect(checks).toMatch(/ reached: replayed to \S+ on timeline 1; last commit /);
    expect(checks).toMatch(/recover-cluster passed: companies: 200/);
    expect(checks).toMatch(/it takes writes on timeline 2, which left timeline 1/);
    const url = new URL(company.url);
    url.port = port;
    expect(await readValue(url.href, 'select count(*) as value from filings')).toBe('157');
    const settings = await readFile(join(recovered, 'data.recovery', 'postgresql.conf'), 'utf8');
    expect(settings).toContain("archive_mode = 'off'");
    expect(await filesHolding(logFolder, [company.password, cipherPass])).toEqual([]);
    await stopRecovered(join(recovered, 'data'));
  });
});
