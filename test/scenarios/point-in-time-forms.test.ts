import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArchivingCluster, startArchivingCluster } from '../parts/archiving-cluster.ts';
import { readValue } from '../parts/count-rows.ts';
import { findFreePort } from '../parts/free-port.ts';
import { type GpgHome, makeGpgHome } from '../parts/gpg-keys.ts';
import { checksOf, readEntries, readRecord } from '../parts/run-log.ts';
import { stopRecovered } from '../parts/stop-recovered.ts';
import { startThaw } from '../parts/thaw.ts';

const run = promisify(execFile);
const passphrase = 'CANARY-of-the-archive-key';

/** Base backups and WAL in the other forms they come in, and a program that is killed in the middle. */
describe('Point-in-time recovery', () => {
  let folder: string;
  let company: ArchivingCluster;
  let gpg: GpgHome;
  let key: string;
  let wanted: Date;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thaw-forms-'));
    await chmod(folder, 0o711);
    gpg = makeGpgHome();
    const made = gpg.makeKey({ userId: 'wal@corporate-intel.local', kind: 'ed25519', passphrase });
    key = gpg.exportSecret(made);
    const plain = join(folder, 'plain');
    await mkdir(plain);
    company = await startArchivingCluster({
      folder: join(folder, 'production'),
      archive: join(plain, 'wal-archive'),
    });
    await company.file(60);
    const name = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
    await company.takeBase(join(plain, 'base', name), '--format=plain', '--wal-method=none');
    await company.archiveNow();
    wanted = await company.file(11);
    await pause(1100);
    await company.sql('delete from filings');
    await company.archiveNow();
    // The same once more as a tar with its WAL streamed beside it, everything gzipped and encrypted.
    const packed = join(folder, 'packed');
    const base = join(packed, 'base', name);
    await mkdir(base, { recursive: true });
    await run('tar', [
      '-czf',
      join(folder, 'base.tar.gz'),
      '-C',
      join(plain, 'base', name),
      ...(await readdir(join(plain, 'base', name))),
    ]);
    await writeFile(
      join(base, 'base.tar.gz.gpg'),
      gpg.encryptTo([made], await readFile(join(folder, 'base.tar.gz'))),
    );
    await mkdir(join(packed, 'wal-archive'));
    for (const segment of await readdir(join(plain, 'wal-archive'))) {
      await cp(join(plain, 'wal-archive', segment), join(folder, segment));
      await run('gzip', ['-nf', join(folder, segment)]);
      const content = gpg.encryptTo([made], await readFile(join(folder, `${segment}.gz`)));
      await writeFile(join(packed, 'wal-archive', `${segment}.gz.gpg`), content);
    }
  });
  afterAll(async () => {
    await company?.cluster.stop();
    gpg?.remove();
    for (const path of await readdir(folder, { recursive: true }))
      if (path.endsWith('/postmaster.pid')) await stopRecovered(join(folder, dirname(path)));
    await rm(folder, { recursive: true, force: true });
  });

  async function prepare(store: string, layout: string) {
    const text = (await readFile('runbooks/corporate-intel-pitr.yaml', 'utf8'))
      .replace(/^ {2}(S3_\w+|AWS_\w+):.*\n/gm, '')
      .replace(/ {2}store:\n(?: {4}.*\n)+/, `  store:\n    kind: directory\n    path: ${store}\n`)
      .replace(/layout: base\/.*/, `layout: ${layout}`);
    const book = join(await mkdtemp(join(folder, 'book-')), 'book.yaml');
    await writeFile(book, text);
    const logFolder = await mkdtemp(join(folder, 'log-'));
    const recovered = await mkdtemp(join(folder, 'recovered-'));
    await chmod(recovered, 0o711);
    const port = String(await findFreePort());
    const env = {
      HOME: folder,
      TMPDIR: folder,
      RECOVER_TO: wanted.toISOString(),
      RECOVERED_FOLDER: join(recovered, 'data'),
      RECOVERED_PORT: port,
      DB_HOST: '127.0.0.1',
      DB_PORT: String(company.cluster.port),
      PGPASSWORD: company.password,
      GPG_PRIVATE_KEY_FILE: key,
      GPG_PASSPHRASE: passphrase,
    };
    const answers = ['--yes', '--answer', 'recover-cluster.promote=yes', '--answer', 'switch-over=yes'];
    const args = ['--plain', '--log-dir', logFolder, ...answers];
    const url = new URL(company.url);
    url.port = port;
    return { book, logFolder, folder: join(recovered, 'data'), url: url.href, args, env };
  }
  const count = (url: string) => readValue(url, 'select count(*) as value from filings');

  it('takes a plain copy, whose empty folders no store keeps, and compares it with the manifest inside', async () => {
    const stage = await prepare(join(folder, 'plain'), 'base/{timestamp}/backup_label');
    const end = await startThaw({ ...stage, args: ['restore', stage.book, ...stage.args], cwd: folder })
      .ended;
    const checks = checksOf(await readRecord(stage.logFolder)).join('\n');
    expect(checks, end.text).toMatch(/is as it was backed up \(pg_verifybackup/);
    expect(await count(stage.url)).toBe('71');
    await stopRecovered(stage.folder);
  });

  it('takes an encrypted tar and encrypted segments; without a manifest it says that nothing was compared', async () => {
    const stage = await prepare(join(folder, 'packed'), 'base/{timestamp}/base.tar[.gz][.gpg]');
    const end = await startThaw({ ...stage, args: ['restore', stage.book, ...stage.args], cwd: folder })
      .ended;
    const checks = checksOf(await readRecord(stage.logFolder)).join('\n');
    expect(checks, end.text).toMatch(
      /could-not-verify: \S+ has no manifest: its files were compared with nothing/,
    );
    expect(await count(stage.url)).toBe('71');
    await stopRecovered(stage.folder);
  });

  it('killed while the server replays, it is resumed, finds that server, and brings nothing a second time', async () => {
    const stage = await prepare(join(folder, 'packed'), 'base/{timestamp}/base.tar[.gz][.gpg]');
    const first = startThaw({ ...stage, args: ['restore', stage.book, ...stage.args], cwd: folder });
    await first.waitFor(/\$ \S*pg_ctl start/);
    first.kill('SIGKILL');
    await first.ended;
    const end = await startThaw({ ...stage, args: ['resume', ...stage.args], cwd: folder }).ended;
    const checks = checksOf(await readRecord(stage.logFolder)).join('\n');
    expect(checks, end.text).toMatch(/ reached: replayed to /);
    expect(await count(stage.url)).toBe('71');
    const entries = await readEntries(stage.logFolder);
    const unpacked = entries.filter(
      (entry) => entry.kind === 'command-run' && entry.command.startsWith('tar '),
    );
    expect(unpacked).toHaveLength(1);
    await stopRecovered(stage.folder);
  });
});
