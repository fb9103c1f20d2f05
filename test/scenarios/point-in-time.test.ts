import { access, chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArchivingCluster, startArchivingCluster } from '../parts/archiving-cluster.ts';
import { readValue } from '../parts/count-rows.ts';
import { findFreePort } from '../parts/free-port.ts';
import { checksOf, filesHolding, readEntries, readRecord } from '../parts/run-log.ts';
import { stopRecovered } from '../parts/stop-recovered.ts';
import { runThaw, type ThawEnd } from '../parts/thaw.ts';

/** A lost table, a base backup from before it, and the WAL since. */
describe('Point-in-time recovery', () => {
  let folder: string;
  let store: string;
  let company: ArchivingCluster;
  let runbook: string;
  let beforeDisaster: Date;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thaw-pitr-'));
    await chmod(folder, 0o711);
    store = join(folder, 'store');
    await mkdir(store);
    company = await startArchivingCluster({
      folder: join(folder, 'production'),
      archive: join(store, 'wal-archive'),
    });
    await company.file(100);
    const base = join(store, 'base', stamp(new Date()));
    await company.takeBase(base, '--format=tar', '--gzip', '--wal-method=fetch');
    await company.file(50);
    await company.archiveNow();
    beforeDisaster = await company.file(7);
    await pause(1100);
    await company.sql('truncate filings');
    await company.file(3);
    await company.archiveNow();
    // The handbook's own store, as a folder: the runbook of the bucket with another place to look.
    const text = await readFile('runbooks/corporate-intel-pitr.yaml', 'utf8');
    runbook = join(folder, 'corporate-intel-pitr.yaml');
    const inputs = /^ {2}(S3_\w+|AWS_\w+):.*\n/gm;
    const asFolder = `  store:\n    kind: directory\n    path: ${store}\n`;
    await writeFile(runbook, text.replace(inputs, '').replace(/ {2}store:\n(?: {4}.*\n)+/, asFolder));
  });
  afterAll(async () => {
    await company?.cluster.stop();
    // Whatever a failed test left running.
    for (const path of await readdir(folder, { recursive: true }))
      if (path.endsWith('/postmaster.pid')) await stopRecovered(join(folder, dirname(path)));
    await rm(folder, { recursive: true, force: true });
  });

  async function recover(request: {
    readonly to: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly mode?: 'restore' | 'drill';
    readonly book?: string;
    readonly answers?: readonly string[];
  }) {
    const logFolder = await mkdtemp(join(folder, 'log-'));
    const recovered = await mkdtemp(join(folder, 'recovered-'));
    await chmod(recovered, 0o711);
    const port = String(await findFreePort());
    const answers = request.answers ?? [
      '--yes',
      '--answer',
      'recover-cluster.promote=yes',
      '--answer',
      'switch-over=yes',
    ];
    const end: ThawEnd = await runThaw({
      args: [
        request.mode ?? 'restore',
        request.book ?? runbook,
        '--plain',
        '--log-dir',
        logFolder,
        ...answers,
      ],
      env: {
        HOME: folder,
        // The socket of a recovered cluster lies there, and goes with it.
        TMPDIR: folder,
        RECOVER_TO: request.to,
        RECOVERED_FOLDER: join(recovered, 'data'),
        RECOVERED_PORT: port,
        DB_HOST: '127.0.0.1',
        DB_PORT: String(company.cluster.port),
        PGPASSWORD: company.password,
        ...request.env,
      },
      cwd: folder,
    });
    const url = new URL(company.url);
    url.port = port;
    return { end, logFolder, folder: join(recovered, 'data'), url: url.href };
  }

  it('brings back the table as it was just before the disaster, in a cluster of its own, and leaves production alone', async () => {
    const before = await readValue(company.url, 'select count(*) as value from filings');
    const run = await recover({ to: beforeDisaster.toISOString() });
    try {
      const checks = checksOf(await readRecord(run.logFolder)).join('\n');
      expect(checks, run.end.text).toMatch(
        /recover-cluster passed: every file of \S+ is as it was backed up \(pg_verifybackup/,
      );
      expect(checks).toMatch(
        /recover-cluster passed: 20\d\d-.* reached: replayed to \S+ on timeline 1; last commit /,
      );
      expect(checks).toMatch(/recover-cluster passed: companies: 200/);
      expect(checks).toMatch(/recover-cluster passed: it takes writes on timeline 2, which left timeline 1/);
      expect(await readValue(run.url, 'select count(*) as value from filings')).toBe('157');
      expect(await readValue(run.url, "select current_setting('archive_mode') as value")).toBe('off');
      expect(await readValue(company.url, 'select count(*) as value from filings')).toBe(before);
      expect(await filesHolding(run.logFolder, [company.password])).toEqual([]);
    } finally {
      await stopRecovered(run.folder);
    }
  });

  it('takes the whole archive where no moment is given, the disaster included', async () => {
    const run = await recover({ to: '', mode: 'drill', answers: [] });
    const record = await readRecord(run.logFolder);
    expect(checksOf(record).join('\n'), run.end.text).toMatch(
      /recover-cluster passed: end of the archive reached/,
    );
    expect(record.cleanUp.map(({ text }) => text).join('\n'), run.end.text).toMatch(
      /throwaway cluster .* stopped and removed/,
    );
    await expect(access(`${run.folder}.drill-${record.runId}`)).rejects.toThrow();
  });

  it('says plainly that the moment is not in the archive, and how far it goes', async () => {
    const run = await recover({ to: new Date().toISOString(), answers: ['--yes'] });
    expect(run.end, run.end.text).toMatchObject({ status: 1 });
    const entries = await readEntries(run.logFolder);
    const failed = entries.find((entry) => entry.kind === 'step-failed');
    expect(failed?.kind === 'step-failed' ? failed.failure.message : '', run.end.text).toMatch(
      /is not reached: the archive ends before it\. The last transaction in it is of 20\d\d-/,
    );
  });

  it('refuses a moment before the base backup, one without a zone, and one to come, before anything is fetched', async () => {
    const cases = [
      { to: '2020-01-01 00:00:00 UTC', says: /lies before the end of the oldest base backup/ },
      {
        to: '2025-10-17 14:30:00',
        says: /does not say in which time zone it is meant\. .*Write 2025-10-17 14:30:00 UTC/s,
      },
      { to: '2999-01-01T00:00:00Z', says: /is still to come/ },
    ];
    for (const { to, says } of cases) {
      const run = await recover({ to, answers: ['--yes'] });
      expect(run.end, run.end.text).toMatchObject({ status: 3 });
      expect(run.end.text).toMatch(says);
      expect(await readdir(join(run.folder, '..'))).toEqual([]);
    }
  });

  it('names the segment that a torn archive lacks, and does not pretend', async () => {
    const torn = join(folder, 'torn');
    await cp(store, torn, { recursive: true, preserveTimestamps: true });
    const segments = (await readdir(join(torn, 'wal-archive')))
      .filter((name) => /^[0-9A-F]{24}$/.test(name))
      .sort();
    const lost = segments.at(-2) ?? '';
    await rm(join(torn, 'wal-archive', lost));
    const book = join(folder, 'torn.yaml');
    await writeFile(book, (await readFile(runbook, 'utf8')).replace(`path: ${store}`, `path: ${torn}`));
    const run = await recover({ to: beforeDisaster.toISOString(), book, answers: ['--yes'] });
    expect(run.end, run.end.text).toMatchObject({ status: 1 });
    expect(run.end.text).toContain(`the archive lacks ${lost}: recovery ends after`);
    expect(run.end.text).toMatch(/is not reached: the archive ends before it/);
  });

  it('refuses a pg_dump in the place of a base backup, and says why', async () => {
    const other = join(folder, 'dumps');
    await mkdir(join(other, 'base', '20251017-020000'), { recursive: true });
    await cp(join(store, 'wal-archive'), join(other, 'wal-archive'), { recursive: true });
    await writeFile(
      join(other, 'base', '20251017-020000', 'base.tar'),
      `--\n-- PostgreSQL database dump\n--\n${' '.repeat(8000)}`,
    );
    const book = join(folder, 'dumps.yaml');
    await writeFile(book, (await readFile(runbook, 'utf8')).replace(`path: ${store}`, `path: ${other}`));
    const run = await recover({ to: beforeDisaster.toISOString(), book, answers: ['--yes'] });
    expect(run.end, run.end.text).toMatchObject({ status: 3 });
    expect(run.end.text).toMatch(
      /cannot be brought to a point in time: a pg_dump holds the rows of one moment/,
    );
  });
});

function stamp(at: Date): string {
  return at.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '-');
}
