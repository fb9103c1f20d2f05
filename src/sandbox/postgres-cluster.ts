import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, chmod, chown, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { serverSetting } from '../base/quoting.ts';
import { lookUntil, pause } from '../platform/pause.ts';
import { findPostgresFolder, type ServerAccount, serverAccount } from './postgres-install.ts';

export type PostgresCluster = {
  /** Of the superuser, over 127.0.0.1; holds the password. */
  readonly url: string;
  readonly port: number;
  /** Where initdb, pg_dump and pg_restore of this server are. */
  readonly binFolder: string;
  /** Ends it cleanly; calling it twice changes nothing. The folder stays. */
  stop(): Promise<void>;
  /** Ends it as a crash does: nothing is written out, clients are cut off. */
  kill(): Promise<void>;
};

const readyLimitMs = 60_000;
const stopLimitMs = 30_000;
/** The kernel allows 107 bytes for the path of a socket; the server adds `/.s.PGSQL.65535` to the folder. */
const longestSocketFolder = 107 - 15;

/**
 * A throwaway server in a folder of its own: data, socket, log. It listens on 127.0.0.1 alone, asks for a password, and
 * runs as an unprivileged user where we are root, since the server refuses root. Throws where none is installed.
 *
 * @param request.settings lines of postgresql.conf, for example {fsync: 'off'} where losing the data does not matter.
 */
export async function startPostgresCluster(request: {
  readonly folder: string;
  readonly settings?: Readonly<Record<string, string>>;
}): Promise<PostgresCluster> {
  const { folder, settings = {} } = request;
  const binFolder = await findPostgresFolder();
  const account = await serverAccount();
  const password = randomBytes(18).toString('base64url');
  const data = join(folder, 'data');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  if (account !== undefined) await chown(folder, account.uid, account.gid);
  await initialise({ binFolder, folder, data, password, account });
  await writeSettings({ folder, data, settings });

  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const child = await startServer({ binFolder, folder, data, port, account });
    if (await becomesReady({ binFolder, child, port })) {
      return {
        url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
        port,
        binFolder,
        stop: () => endServer(child, ['SIGINT', 'SIGQUIT', 'SIGKILL']),
        // SIGQUIT is the server's own immediate shutdown: no checkpoint, and unlike SIGKILL its children end too.
        kill: () => endServer(child, ['SIGQUIT', 'SIGKILL']),
      };
    }
    await endServer(child, ['SIGQUIT', 'SIGKILL']);
    // Somebody else may have taken the port between our looking and the server's binding.
    if (attempt >= 3) throw new Error(`PostgreSQL does not start in ${folder}: ${await logTail(folder)}`);
  }
}

/** Ends the server of a folder that another process started, for example a rehearsal that died. */
export async function stopPostgresCluster(request: { readonly folder: string }): Promise<void> {
  const data = join(request.folder, 'data');
  const pidFile = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(pidFile.split('\n')[0]);
  // After a restart of the host the number may belong to anybody: only a server of this very folder is ended.
  const isOurs = async () => {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return commandLine.split('\0').includes(data);
  };
  if (!(pid > 1)) return;
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!(await isOurs())) return;
    process.kill(pid, signal);
    const look = async () => ((await isOurs()) ? undefined : 'ended');
    await lookUntil({ look, everyMs: 50, limitMs: stopLimitMs / 3 });
  }
}

type Place = {
  readonly binFolder: string;
  readonly folder: string;
  readonly data: string;
  readonly account: ServerAccount | undefined;
};

async function initialise(place: Place & { readonly password: string }): Promise<void> {
  const { binFolder, folder, data, account, password } = place;
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account !== undefined) await chown(passwordFile, account.uid, account.gid);
  const options = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--no-sync'];
  const child = spawn(
    join(binFolder, 'initdb'),
    [`--pgdata=${data}`, ...options, '--encoding=UTF8', '--locale=C.UTF-8'],
    { ...account, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], env: serverEnvironment() },
  );
  let words = '';
  child.stderr.on('data', (chunk) => {
    words += chunk;
  });
  const [exitCode] = await once(child, 'close');
  await rm(passwordFile, { force: true });
  if (exitCode !== 0)
    throw new Error(`initdb cannot make a cluster in ${folder}: ${words.trim().slice(-500)}`);
}

async function writeSettings(place: {
  readonly folder: string;
  readonly data: string;
  readonly settings: Readonly<Record<string, string>>;
}): Promise<void> {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: Buffer.byteLength(place.folder) <= longestSocketFolder ? place.folder : '',
    shared_buffers: '32MB',
    lc_messages: 'C',
    timezone: 'UTC',
    ...place.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${serverSetting(value)}\n`);
  await appendFile(join(place.data, 'postgresql.conf'), lines.join(''));
}

async function startServer(place: Place & { readonly port: number }): Promise<ChildProcess> {
  const log = await open(join(place.folder, 'server.log'), 'a', 0o600);
  const child = spawn(join(place.binFolder, 'postgres'), ['-D', place.data, '-p', String(place.port)], {
    ...place.account,
    cwd: '/',
    // Its own session: a Ctrl+C in the rehearsal must not take the database away under it.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: serverEnvironment(),
  });
  child.on('error', () => {});
  child.unref();
  await log.close();
  return child;
}

async function becomesReady(request: {
  readonly binFolder: string;
  readonly child: ChildProcess;
  readonly port: number;
}): Promise<boolean> {
  const { binFolder, child, port } = request;
  const look = async () => {
    if (!isRunning(child)) return false;
    const probe = spawn(join(binFolder, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)], {
      stdio: 'ignore',
      env: serverEnvironment(),
    });
    const [exitCode] = await once(probe, 'close');
    return exitCode === 0 ? isRunning(child) : undefined;
  };
  return (await lookUntil({ look, everyMs: 50, limitMs: readyLimitMs })) ?? false;
}

async function endServer(child: ChildProcess, signals: readonly NodeJS.Signals[]): Promise<void> {
  for (const signal of signals) {
    if (!isRunning(child)) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    const timer = new AbortController();
    await Promise.race([exit, pause(stopLimitMs / 3, timer.signal)]);
    timer.abort();
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function serverEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C.UTF-8' };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port on 127.0.0.1.');
  return address.port;
}

async function logTail(folder: string): Promise<string> {
  const log = await readFile(join(folder, 'server.log'), 'utf8').catch(() => 'it wrote no log');
  return log.trim().split('\n').slice(-4).join(' ');
}
