import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listDatabases, readValue } from '../parts/count-rows.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { lockHolders } from '../parts/end-runs.ts';
import { findRgw } from '../parts/find-s3-servers.ts';
import { answers, unconfirmed } from '../parts/lost-production.ts';
import { makeLogFolder, type PortNimara, readCrmRunbook, startPortNimara } from '../parts/port-nimara.ts';
import { backUp, putManifest } from '../parts/port-nimara-backups.ts';
import { checksOf, newestRun, readEntries, readRecord } from '../parts/run-log.ts';
import { type S3Server, startRgw } from '../parts/s3-servers.ts';
import { startThaw, type ThawEnd } from '../parts/thaw.ts';
import { openPseudoTerminal } from '../terminal/pseudo-terminal.ts';
import { launcher } from './terminal/open-thaw.ts';

/** Writers that somebody, or a reboot, starts again after they were stopped and before the databases are swapped. */

const rgw = await findRgw();
if ('binary' in rgw) {
  describe('Writers in containers that come back before the swap', () => writersBack('compose'));
  describe('Writers as processes that come back before the swap', () => writersBack('process'));
} else {
  it('is NOT tried without Ceph RGW', () => {
    process.stderr.write(`\nWriters that come back are NOT tried: ${rgw.absentBecause}.\n`);
  });
}

function writersBack(kind: 'compose' | 'process') {
  let docker: RunningDocker | undefined;
  let server: S3Server;
  let nimara: PortNimara;
  let runbook: string;
  let logFolder: string;
  let before: readonly string[];

  beforeAll(async () => {
    docker = kind === 'compose' ? await ensureDocker() : undefined;
    server = await startRgw();
    nimara = await startPortNimara({ server, docker, objects: 0, size: 'tiny' });
    await nimara.untilWritersWrite();
    await putManifest(nimara, await backUp(nimara));
    runbook = join(nimara.folder, 'port-nimara-crm.yaml');
    await writeFile(runbook, await readCrmRunbook(kind));
  });
  afterAll(async () => {
    await nimara?.destroy();
    await server?.stop();
    await docker?.stop();
  });
  beforeEach(async () => {
    await nimara.writers.start();
    await nimara.untilWritersWrite();
    logFolder = await makeLogFolder(nimara);
    before = await listDatabases(nimara.production.url);
  });

  const driver = () => nimara.writers.composeFile ?? join(nimara.folder, 'services.json');
  const argsOf = (action: readonly string[], given: readonly string[]) => [
    ...action,
    ...['--plain', '--env-file', '.env', '--log-dir', logFolder],
    ...given,
  ];
  const request = (args: readonly string[]) => ({
    args,
    env: { ...nimara.environment, COMPOSE_FILE_PATH: driver() },
    cwd: nimara.folder,
  });
  const run = (action: readonly string[], given: readonly string[]): Promise<ThawEnd> =>
    startThaw(request(argsOf(action, given))).ended;

  const rowsOfWriters = () =>
    readValue(nimara.databaseUrl, 'select max(created_at) as value from audit_logs');

  /** What production was is production still, beside whatever this run made for itself. */
  async function expectNothingReplaced(): Promise<void> {
    const now = await listDatabases(nimara.production.url);
    const mine = (name: string) => name.includes('__restore_') && !before.includes(name);
    expect(now.filter((name) => !mine(name))).toEqual(before);
  }

  /** A run that waits at the question of the swap, its writers down; then they are started as a reboot would. */
  async function stopAtTheQuestion(): Promise<void> {
    const end = await run(['restore', runbook], unconfirmed);
    expect(end, end.text).toMatchObject({ status: 4 });
    const quiet = await rowsOfWriters();
    await sleep(1500);
    expect(await rowsOfWriters()).toBe(quiet);
    await nimara.writers.start();
    await nimara.untilWritersWrite();
  }

  it('are found on resume: nothing is replaced, and the words name service, client and way on', async () => {
    await stopAtTheQuestion();
    const end = await run(['resume'], answers);
    await expectNothingReplaced();
    expect(end.status, end.text).not.toBe(0);
    expect(end.text).toMatch(/worker is running/);
    expect(end.text).toMatch(/crm-worker as crm from .*, last query/);
    expect(end.text).toContain('--answer stop-writers.back=stop-again');
  });

  it('are stopped again where that is the answer, and the verdict says that they wrote', async () => {
    await stopAtTheQuestion();
    const end = await run(['resume'], [...answers, '--answer', 'stop-writers.back=stop-again']);
    expect(end, end.text).toMatchObject({ status: 7 });
    const record = await readRecord(logFolder);
    expect(record.result).toMatchObject({ state: 'finished', verdict: 'could-not-verify' });
    const swapped = (await readEntries(logFolder)).findIndex(
      (entry) => entry.kind === 'command-run' && / RENAME TO /.test(entry.command),
    );
    const stops = (await readEntries(logFolder)).flatMap((entry, index) =>
      entry.kind === 'command-run' && /\bstop\b.*\bworker\b/.test(entry.command) ? [index] : [],
    );
    expect(stops).toHaveLength(2);
    expect(swapped).toBeGreaterThan(stops[1] ?? Number.POSITIVE_INFINITY);
    expect(checksOf(record).join('\n')).toMatch(
      /restore-database could-not-verify: .*web.* came back after the writers were stopped; [\d,]+ rows of port_nimara_crm changed: .* only in port_nimara_crm__before_/,
    );
  });

  if (kind === 'compose')
    it('that run under another project name are not taken for stopped', async () => {
      const lifeline = await nimara.writers.lifeline();
      const other = join(nimara.folder, 'other-project.yaml');
      const text = await readFile(runbook, 'utf8');
      await writeFile(
        other,
        text.replace(/( +)file: .*COMPOSE_FILE_PATH.*\n/, '$&$1project: somebody-else\n'),
      );
      const end = await run(['restore', other], answers);
      expect(end, end.text).toMatchObject({ status: 3 });
      expect(end.text).toMatch(
        /worker is not there under this project name, but the same file runs as \S*worker/,
      );
      expect(end.text).toMatch(/production\.services\.project: /);
      expect(await nimara.writers.lifeline()).toBe(lifeline);
      await expectNothingReplaced();
    });

  it('are found between the question and the typed name', async () => {
    const terminal = openPseudoTerminal({
      file: process.execPath,
      args: [launcher, ...argsOf(['restore', runbook], unconfirmed)],
      env: request([]).env,
      cwd: nimara.folder,
      columns: 220,
    });
    try {
      await terminal.waitFor(/question restore-database\.swap/, 60_000);
      await nimara.writers.start();
      await nimara.untilWritersWrite();
      terminal.write('port_nimara_crm\r');
      await terminal.waitFor(/question stop-writers\.back/, 20_000);
      await expectNothingReplaced();
    } finally {
      for (const pid of lockHolders(logFolder)) process.kill(pid, 'SIGKILL');
      await terminal.exit;
    }
    expect(await newestRun(logFolder)).toMatch(/-live$/);
  });
}
