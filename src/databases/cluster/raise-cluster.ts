import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { serverSetting, shellLine } from '../../base/quoting.ts';
import { replaceFile } from '../../platform/durable-files.ts';
import { pause } from '../../platform/pause.ts';
import { sayInstall } from '../../platform/plan-install.ts';
import type { ClusterDriver, ClusterPlace } from '../../ports/cluster-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { lookAtPlace, makePlace, pathsOf } from './cluster-place.ts';
import { commandFailed } from './run-program.ts';
import { handOver, type Server, stopServer } from './run-server.ts';
import { findServerAccount, runAsServer } from './server-account.ts';
import { findNewestPrograms } from './server-programs.ts';

const superuser = 'postgres';

/** initdb says each of its steps. */
const makingStallMs = 300_000;

/** @param serverOf a cluster that is there, with the programs of its version. */
export function raisingTools(
  processes: ProcessRunner,
  serverOf: (place: ClusterPlace, processes: ProcessRunner) => Promise<Outcome<Server>>,
): Pick<ClusterDriver, 'newestVersion' | 'describeRaise' | 'raise'> {
  /** Servers that end with us, by folder. */
  const raised = new Map<string, ChildProcess>();
  return {
    async newestVersion() {
      const found = await findNewestPrograms(processes);
      return found.ok ? succeed({ major: found.value.major, text: found.value.text }) : found;
    },
    describeRaise,
    async raise(place) {
      const made = await makeEmptyCluster(place, processes);
      if (!made.ok) return made;
      const server = await serverOf(place, processes);
      return server.ok ? raiseServer(server.value, raised) : server;
    },
  };
}

function describeRaise(place: ClusterPlace): readonly string[] {
  return [
    shellLine(['initdb', ...makeArguments(place)]),
    shellLine(['postgres', '-D', place.folder, '-c', `config_file=${pathsOf(place).settings}`]),
  ];
}

/** Our own rules of access come later; these are for a server that is never started with them. */
function makeArguments({ folder }: ClusterPlace): readonly string[] {
  const own = [`--pgdata=${folder}`, `--username=${superuser}`, '--encoding=UTF8', '--locale=C.UTF-8'];
  return [...own, '--auth-local=peer', '--auth-host=reject'];
}

/** What an attempt that broke off left behind is made anew; a whole one, told by its settings, stays as it is. */
async function makeEmptyCluster(place: ClusterPlace, processes: ProcessRunner): Promise<Outcome<void>> {
  const account = await findServerAccount();
  if (!account.ok) return account;
  const found = await lookAtPlace(place, { processes, account: account.value });
  if (!found.ok) return found;
  if (found.value.kind === 'taken') return fail(taken(found.value.what));
  const paths = pathsOf(place);
  if (await isThere(paths.settings)) return succeed(undefined);
  const programs = await findNewestPrograms(processes);
  if (!programs.ok) return programs;
  try {
    await rm(paths.data, { recursive: true, force: true });
  } catch (error) {
    return fail(describeFileFailure({ doing: `make ${paths.data} anew`, error }));
  }
  const made = await makePlace(place);
  if (!made.ok) return made;
  const handed = await handOver({ place, processes, account: account.value });
  if (!handed.ok) return handed;
  const program = join(programs.value.folder, 'initdb');
  const call = { program, args: makeArguments(place), env: { LC_ALL: 'C' }, stallMs: makingStallMs };
  const ran = await runAsServer(processes, { account: account.value, ...call });
  if (!ran.ok) return ran;
  if (ran.value.exitCode !== 0) {
    const remedy = `Read its last lines: ${paths.data} may be on a full disk.`;
    return fail(commandFailed({ program, remedy, result: ran.value }));
  }
  return configure(place);
}

/** Last of all: a cluster that has its settings is whole. */
async function configure(place: ClusterPlace): Promise<Outcome<void>> {
  const paths = pathsOf(place);
  const settings = Object.entries({
    listen_addresses: '',
    unix_socket_directories: paths.socket,
    port: '5432',
    hba_file: paths.access,
    ident_file: paths.users,
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
  }).map(([name, value]) => `${name} = ${serverSetting(value)}\n`);
  // Only whoever runs thaw is the superuser, asked of the kernel: nothing inside the server has a password to give away.
  const access = `local all ${superuser} peer map=thaw\nlocal all all scram-sha-256\n`;
  try {
    await writeFile(paths.users, `thaw "${userInfo().username}" ${superuser}\n`);
    await writeFile(paths.access, access);
    await replaceFile({ path: paths.settings, content: settings.join('') });
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `configure the cluster in ${paths.data}`, error }));
  }
}

/**
 * The kernel ends the server when we end, killed or not: a throwaway copy of production must not stay up because nobody came to
 * its clean-up. So what runs here and is not ours is about to end, and is waited for.
 */
async function raiseServer(server: Server, raised: Map<string, ChildProcess>): Promise<Outcome<void>> {
  const { folder } = server.place;
  const known = raised.get(folder);
  if (known !== undefined && isRunning(known)) return succeed(undefined);
  const stopped = await stopServer(server);
  if (!stopped.ok) return stopped;
  const handed = await handOver(server);
  if (!handed.ok) return handed;
  const child = await startWithUs(server);
  if (!child.ok) return child;
  raised.set(folder, child.value);
  while (isRunning(child.value)) {
    if (await takesConnections(server.place, child.value)) return succeed(undefined);
    await pause(20);
  }
  const log = await readFile(pathsOf(server.place).log, 'utf8').catch(() => '');
  return fail({
    code: 'command-failed',
    message: `The throwaway PostgreSQL in ${folder} does not start.`,
    remedy: 'Read its last words; a new run makes a new one.',
    retry: 'after-fix',
    detail: log.trim().split('\n').slice(-8).join('\n'),
  });
}

async function startWithUs({ place, account, programs }: Server): Promise<Outcome<ChildProcess>> {
  const { data, log, settings } = pathsOf(place);
  const as =
    account === undefined ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups'];
  const command = [join(programs, 'postgres'), '-D', data, '-c', `config_file=${settings}`];
  const { PATH = '/usr/bin:/bin' } = process.env;
  try {
    const file = await open(log, 'a', 0o600);
    const child = spawn('setpriv', [...as, '--pdeathsig', 'SIGINT', '--', ...command], {
      cwd: '/',
      // A Ctrl+C is for us alone: first the steps end, then the server.
      detached: true,
      stdio: ['ignore', file.fd, file.fd],
      env: { PATH, LC_ALL: 'C' },
    });
    const error = await new Promise<Error | undefined>((resolve) => {
      child.once('spawn', () => resolve(undefined));
      child.once('error', resolve);
    });
    await file.close();
    child.unref();
    return error === undefined ? succeed(child) : fail(noSetpriv(error));
  } catch (error) {
    return fail(describeFileFailure({ doing: `start the server in ${data}`, error }));
  }
}

function noSetpriv(error: Error): Failure {
  return {
    code: 'tool-missing',
    message: 'The program setpriv does not start on this host, and a throwaway server is started through it.',
    remedy: sayInstall({ program: 'setpriv' }),
    retry: 'after-fix',
    lacks: { program: 'setpriv' },
    detail: error.message,
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** The server itself writes down, in the eighth line, when it is ready. */
async function takesConnections(place: ClusterPlace, child: ChildProcess): Promise<boolean> {
  const text = await readFile(join(place.folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  return lines[0] === String(child.pid) && lines[7]?.trim() === 'ready';
}

async function isThere(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}

function taken(what: string): Failure {
  return {
    code: 'conflict',
    message: `A throwaway cluster needs a folder of its own: ${what}.`,
    remedy: 'Move it aside, or name another folder with --work-dir.',
    retry: 'after-fix',
  };
}
