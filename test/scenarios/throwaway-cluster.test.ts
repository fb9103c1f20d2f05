import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countRows, listDatabases } from '../parts/count-rows.ts';
import { findRgw } from '../parts/find-s3-servers.ts';
import { findFreePort } from '../parts/free-port.ts';
import { makeLogFolder, type PortNimara, startPortNimara } from '../parts/port-nimara.ts';
import { backUp, dumpArchive, putDump, putManifest, zip } from '../parts/port-nimara-backups.ts';
import { checksOf, newestRun, readEntries, readRecord } from '../parts/run-log.ts';
import { type S3Server, startRgw } from '../parts/s3-servers.ts';
import { type RunningThaw, runThaw, startThaw } from '../parts/thaw.ts';

const rgw = await findRgw();
if ('binary' in rgw) describe('A drill that names no server for its database', drills);
else
  it('is NOT tried without Ceph RGW', () =>
    void process.stderr.write(`\nThrowaway clusters are NOT tried: ${rgw.absentBecause}.\n`));

const hourMs = 3_600_000;
const folders = { home: '/usr/lib/postgresql', links: '/usr/local/bin' };

function drills() {
  let server: S3Server;
  let nimara: PortNimara;
  const started: RunningThaw[] = [];

  beforeAll(async () => {
    server = await startRgw();
    nimara = await startPortNimara({ server, docker: undefined, objects: 0, size: 'tiny' });
    await nimara.untilWritersWrite();
    await putManifest(nimara, await backUp(nimara));
    await nimara.live.putFolder(nimara.objectsFolder);
  });
  afterEach(async () => {
    for (const thaw of started.splice(0)) {
      thaw.kill('SIGKILL');
      await thaw.ended;
    }
  });
  afterAll(async () => {
    await nimara?.destroy();
    await server?.stop();
  });

  type Call = {
    readonly logFolder: string;
    readonly args?: readonly string[];
    readonly envFile?: string;
    /** Of a folder that PostgreSQL's own user may enter. */
    readonly workFolder?: string;
  };
  function request(call: Call) {
    const { logFolder, envFile = '.env', workFolder } = call;
    const { DRILL_DATABASE_URL: _, ...env } = nimara.environment;
    const args = call.args ?? ['drill', 'port-nimara-crm', '--snapshot', 'latest'];
    const work = workFolder === undefined ? [] : ['--work-dir', workFolder];
    return {
      args: [...args, '--plain', '--env-file', envFile, '--log-dir', logFolder, ...work],
      env,
      cwd: nimara.folder,
    };
  }
  const thaw = (call: Call) => runThaw(request(call));
  const start = (call: Call) => {
    const running = startThaw(request(call));
    started.push(running);
    return running;
  };

  /** A folder for a run's work that the server's own user reaches, and what is in it when all is over. */
  function newWorkFolder(name: string): string {
    const folder = join(nimara.folder, name);
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o711);
    return folder;
  }

  /** A drill whose pg_restore waits in the middle, held by a lock in the throwaway cluster itself. */
  async function drillHeld(name: string) {
    const logFolder = await makeLogFolder(nimara);
    const workFolder = newWorkFolder(name);
    const running = start({ logFolder, workFolder });
    const cluster = await until(() => clusterIn(workFolder));
    const held = await holdRestore(cluster);
    return { logFolder, workFolder, running, cluster, held };
  }

  it('makes a cluster of its own, ends verified, and leaves neither a folder nor a process', async () => {
    const logFolder = await makeLogFolder(nimara);
    const workFolder = newWorkFolder('whole');
    const before = await lookAtProduction(nimara);
    const end = await thaw({ logFolder, workFolder });
    const record = await readRecord(logFolder);
    expect(end, end.text).toMatchObject({ status: 0 });
    expect(record.result.verdict).toBe('passed');
    const checks = checksOf(record).join('\n');
    expect(checks).toMatch(/restore-database passed: \d+ of 15 tables equal to the live database/);
    expect(checks).toMatch(/verify-secrets passed: system_settings: ENCRYPTION_KEY decrypts 2 of 2 rows/);
    expect(checks).toMatch(/smoke-checklist passed: MinIO serves a receipt by its signed URL/);
    expect(record.cleanUp.map(({ verdict, text }) => `${verdict}: ${text}`)).toContainEqual(
      expect.stringMatching(/^passed: throwaway cluster \S+ stopped and removed$/),
    );
    expect(await filesBelow(workFolder)).toEqual([]);
    expect(serversBelow(workFolder)).toEqual([]);
    expect((await lookAtProduction(nimara)).databases).toEqual(before.databases);
    expect(await listDatabases(nimara.drillCluster.url)).toEqual(before.drillDatabases);
  });

  it('goes where the server may be when its user cannot enter the work folder', async () => {
    const logFolder = await makeLogFolder(nimara);
    const before = leftInTemporary();
    const end = await thaw({ logFolder });
    expect(end, end.text).toMatchObject({ status: 0 });
    expect(leftInTemporary()).toEqual(before);
  });

  it('needs no production: without its server the restore is done, and that nothing was compared with it is told', async () => {
    const gone = join(nimara.folder, 'gone.env');
    const port = await findFreePort();
    const text = await readFile(nimara.envFile, 'utf8');
    writeFileSync(gone, text.replace(/^(DATABASE_URL=.*@127\.0\.0\.1:)\d+/m, `$1${port}`));
    const logFolder = await makeLogFolder(nimara);
    const workFolder = newWorkFolder('gone');
    const end = await thaw({ logFolder, workFolder, envFile: gone });
    expect(end, end.text).toMatchObject({ status: 0 });
    const record = await readRecord(logFolder);
    expect(record.result).toMatchObject({
      state: 'finished',
      verdict: 'passed',
      proof: 'manifest',
      proven: ['dump', 'manifest'],
    });
    const checks = checksOf(record).join('\n');
    expect(checks).not.toMatch(/ failed: /);
    expect(checks).toMatch(/restore-database passed: 15 of 15 tables equal to the manifest/);
    expect(checks).toMatch(/restore-database not-checked: not compared with the live database: /);
    expect(await filesBelow(workFolder)).toEqual([]);
  });

  it('killed in mid-restore takes its server along, and resume goes on to the end', async () => {
    const { logFolder, workFolder, running, cluster, held } = await drillHeld('killed');
    expect(serversBelow(workFolder)).not.toEqual([]);
    running.kill('SIGKILL');
    await running.ended;
    await until(() => serversBelow(workFolder).length === 0 || undefined);
    await held.release();
    expect(existsSync(cluster)).toBe(true);
    const end = await thaw({ logFolder, args: ['resume'] });
    expect(end, end.text).toMatchObject({ status: 0 });
    expect((await readRecord(logFolder)).result.verdict).toBe('passed');
    expect(await filesBelow(workFolder)).toEqual([]);
    expect(serversBelow(workFolder)).toEqual([]);
  });

  it('killed after the restore starts its server again for the steps that are left', async () => {
    const { logFolder, workFolder, running, held } = await drillHeld('later');
    await held.unlock();
    await until(async () => {
      const ended = (await readEntries(logFolder)).filter((entry) => entry.kind === 'step-finished');
      return ended.some(({ stepId }) => stepId === 'restore-database') || undefined;
    });
    running.kill('SIGKILL');
    expect((await running.ended).signal).toBe('SIGKILL');
    expect(await clusterFolders(workFolder)).not.toEqual([]);
    await held.release();
    const end = await thaw({ logFolder, args: ['resume'] });
    expect(end, end.text).toMatchObject({ status: 0 });
    const checks = checksOf(await readRecord(logFolder)).join('\n');
    expect(checks).toMatch(/verify-secrets passed: system_settings: ENCRYPTION_KEY decrypts 2 of 2 rows/);
    expect(await filesBelow(workFolder)).toEqual([]);
  });

  it('killed and discarded is gone, folder and server', async () => {
    const { logFolder, workFolder, running, cluster, held } = await drillHeld('discarded');
    const [first] = await readEntries(logFolder);
    expect(first).toMatchObject({ kind: 'run-started', clusterFolder: cluster });
    running.kill('SIGKILL');
    await running.ended;
    await held.release();
    const runId = await newestRun(logFolder);
    const given = request({ logFolder, args: ['discard', '--confirm', runId] });
    const env = { ...given.env, DRILL_DATABASE_URL: nimara.drillDatabaseUrl };
    const elsewhere = await runThaw({ ...given, env });
    expect(elsewhere, elsewhere.text).toMatchObject({ status: 3 });
    expect(elsewhere.text).toContain('drill.database now names another server');
    expect(existsSync(cluster)).toBe(true);
    const end = await runThaw(given);
    expect(end, end.text).toMatchObject({ status: 0 });
    expect(end.text).toMatch(/^throwaway cluster \S+ stopped and removed$/m);
    expect(await filesBelow(workFolder)).toEqual([]);
    expect(serversBelow(workFolder)).toEqual([]);
  });

  it('stopped by Ctrl+C leaves no server, and can be resumed', async () => {
    const { logFolder, workFolder, running, held } = await drillHeld('stopped');
    running.kill('SIGINT');
    expect((await running.ended).status).not.toBe(0);
    await held.release();
    await until(() => serversBelow(workFolder).length === 0 || undefined);
    const end = await thaw({ logFolder, args: ['resume'] });
    expect(end, end.text).toMatchObject({ status: 0 });
    expect(await filesBelow(workFolder)).toEqual([]);
  });

  it('does not disturb another drill of the same host', async () => {
    const workFolder = newWorkFolder('both');
    const logFolders = [await makeLogFolder(nimara), await makeLogFolder(nimara)];
    const ends = await Promise.all(
      logFolders.map((logFolder, index) => thaw({ logFolder, workFolder: join(workFolder, `${index}`) })),
    );
    for (const end of ends) expect(end, end.text).toMatchObject({ status: 0 });
    expect(serversBelow(workFolder)).toEqual([]);
  });

  it('is blocked before it begins where the server here is older than the dump: status 3, and what to install', async () => {
    const archive = await dumpArchive(nimara);
    const newer = Buffer.from(archive);
    // The header says which server was dumped; that length stays.
    newer.write('99', newer.indexOf(`${majorOf(nimara)}.`));
    const at = new Date(Date.now() - 2 * hourMs);
    const content = nimara.gpg.encryptTo([nimara.key], await zip(newer));
    const { id } = await putDump(nimara, { at, content });
    const logFolder = await makeLogFolder(nimara);
    const end = await thaw({ logFolder, args: ['drill', 'port-nimara-crm', '--snapshot', id] });
    expect(end, end.text).toMatchObject({ status: 3 });
    expect(end.text).toMatch(/PostgreSQL \d+\.\d+ is the newest server on this host.* of PostgreSQL 99/);
    expect(end.text).toContain('postgresql-99');
    expect(end.text).toContain('drill.database');
  });

  // Where the root folder is no mount point (a chroot), the kernel makes no mount namespace of its own.
  const mayHide = existsSync(folders.home) && spawnSync('unshare', ['--mount', 'true']).status === 0;
  const withoutServer = async () => {
    const clients = join(nimara.folder, 'clients-only');
    for (const major of readdirSync(folders.home)) {
      for (const name of ['pg_restore', 'psql', 'pg_dump']) {
        const from = join(folders.home, major, 'bin', name);
        if (existsSync(from)) cpSync(from, join(clients, major, 'bin', name));
      }
    }
    const logFolder = await makeLogFolder(nimara);
    const { args, env, cwd } = request({ logFolder });
    const program = new URL('../../bin/thaw.js', import.meta.url).pathname;
    const hidden = ['--mount', 'sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"', clients];
    const end = run('unshare', [...hidden, folders.home, process.execPath, program, ...args], { env, cwd });
    expect(end, end.text).toMatchObject({ status: 3 });
    expect(end.text).toContain('There is no PostgreSQL server on this host');
    expect(end.text).toMatch(/missing on this host .*postgres: the server of a drill/);
    expect(end.text).toMatch(/Install postgres: .*install -y postgresql/);
    expect(end.text).toContain('drill.database');
  };
  if (mayHide) it('is blocked where this host has no server: status 3, and what to install', withoutServer);
  else
    it('is NOT tried on a host without a server, which takes root and a mount namespace', () =>
      void process.stderr.write(
        '\nA host without PostgreSQL is NOT tried: it takes root and a mount namespace.\n',
      ));

  it('serves `verify --restore`, too', async () => {
    const workFolder = newWorkFolder('verified');
    const { args, env, cwd } = request({
      logFolder: 'unused',
      workFolder,
      args: ['verify', 'port-nimara-crm', '--restore'],
    });
    const own = args.filter((one, index) => one !== '--log-dir' && args[index - 1] !== '--log-dir');
    const end = await runThaw({ args: own.filter((one) => one !== '--plain'), env, cwd });
    expect(end, end.text).toMatchObject({ status: 0 });
    expect(end.text).toContain('15 of 15 tables equal to the manifest');
    expect(await filesBelow(workFolder)).toEqual([]);
    expect(serversBelow(workFolder)).toEqual([]);
  });
}

function majorOf(nimara: PortNimara): string {
  return readFileSync(join(nimara.productionFolder, 'data/PG_VERSION'), 'utf8').trim();
}

async function lookAtProduction(nimara: PortNimara) {
  return {
    databases: await listDatabases(nimara.production.url),
    drillDatabases: await listDatabases(nimara.drillCluster.url),
    rows: await countRows(nimara.databaseUrl),
  };
}

function run(
  program: string,
  args: readonly string[],
  options: { env: Record<string, string>; cwd: string },
) {
  const { PATH = '/usr/bin:/bin' } = process.env;
  const env = { PATH, LANG: 'C.UTF-8', ...options.env };
  try {
    return { status: 0, text: execFileSync(program, args, { ...options, env, encoding: 'utf8' }) };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { status, text: `${stdout}${stderr}` };
  }
}

/** The data folder of the cluster whose server takes connections. */
async function clusterIn(workFolder: string): Promise<string | undefined> {
  const folders = await clusterFolders(workFolder);
  return folders.find((folder) => /^ready/m.test(pidFileOf(folder)));
}

async function clusterFolders(workFolder: string): Promise<readonly string[]> {
  const names = await readdir(workFolder).catch(() => []);
  return names.filter((name) => name.endsWith('.cluster')).map((name) => join(workFolder, name));
}

function pidFileOf(folder: string): string {
  const file = join(folder, 'postmaster.pid');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** No foreign key can be added while this lock is held: pg_restore has its data in and waits there. */
async function holdRestore(cluster: string) {
  const [, , , port = '', host = ''] = pidFileOf(cluster).split('\n');
  const at = { host, port: Number(port), user: 'postgres' };
  const side = await until(async () => {
    const client = new pg.Client({ ...at, database: 'postgres' });
    await client.connect();
    const { rows } = await client.query(`select datname from pg_database where datname ~ '__restore_'`);
    await client.end();
    return rows[0]?.datname as string | undefined;
  });
  const client = new pg.Client({ ...at, database: side });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin; lock table pg_catalog.pg_trigger in exclusive mode');
  return {
    unlock: () => client.query('rollback'),
    release: () => client.end().catch(() => undefined),
  };
}

/** Processes whose words name a folder below this one. */
function serversBelow(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const words = existsSync(`/proc/${pid}/cmdline`) ? commandLine(pid) : '';
      return words.includes(`${folder}/`) && /postgres/.test(words) ? [words] : [];
    });
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  return existsSync(folder) ? readdir(folder, { recursive: true }) : [];
}

function leftInTemporary(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => /^thaw-(drill|cluster)-/.test(name));
}

async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const limitMs = performance.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > limitMs) throw new Error('It does not come to pass within a minute.');
    await pause(20);
  }
}
