import { chmod, chown, lstat, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { shellWord } from '../../base/quoting.ts';
import type { ClusterPlace, ServerState } from '../../ports/cluster-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { pathsOf } from './cluster-place.ts';
import { giveTo } from './run-program.ts';
import { runAsServer, type ServerAccount } from './server-account.ts';

export type Server = {
  readonly place: ClusterPlace;
  readonly processes: ProcessRunner;
  readonly account: ServerAccount | undefined;
  /** The programs of its major version. */
  readonly programs: string;
  /** Of those programs: 15.18. */
  readonly version: string;
};

/** pg_ctl's own answer when no server runs in the folder, or the folder is none. */
const notRunning = [3, 4];

/** For how long a healthy server may take to end recovery or to shut down; both write a checkpoint. */
const longest = '86400';

/** pg_ctl puts out a dot each second while it waits. */
const waitingStallMs = 120_000;
const statusStallMs = 30_000;

/** How much of its log a server's state carries. */
const lastLines = 12;

export function startCommand({ place, programs }: Pick<Server, 'place' | 'programs'>): readonly string[] {
  const { data, log, settings } = pathsOf(place);
  const options = `-c config_file=${shellWord(settings)}`;
  return [join(programs, 'pg_ctl'), 'start', '--no-wait', '-D', data, '-l', log, '-o', options];
}

export async function startServer(server: Server): Promise<Outcome<void>> {
  const paths = pathsOf(server.place);
  const handed = await handOver(server);
  if (!handed.ok) return handed;
  // What an earlier attempt logged would be taken for this one's.
  await rm(paths.log, { force: true });
  const [program = '', ...args] = startCommand(server);
  const ran = await pgCtl(server, { program, args });
  return ran.ok ? succeed(undefined) : ran;
}

/** The server insists on owning its folder alone; the socket's folder keeps everybody else away from it. */
export async function handOver({
  place,
  processes,
  account,
}: Pick<Server, 'place' | 'processes' | 'account'>): Promise<Outcome<void>> {
  const paths = pathsOf(place);
  try {
    await mkdir(paths.socket, { mode: 0o700 }).catch(() => undefined);
    const found = await lstat(paths.socket);
    const owners = [process.getuid?.(), account?.uid];
    if (!found.isDirectory() || !owners.includes(found.uid)) {
      throw new Error(`${paths.socket} belongs to somebody else`);
    }
    await chmod(paths.socket, 0o700);
    await chmod(paths.data, 0o700);
    if (account === undefined) return succeed(undefined);
    await chown(paths.socket, account.uid, account.gid);
  } catch (error) {
    return fail(describeFileFailure({ doing: `hand ${paths.data} to the server's user`, error }));
  }
  return giveTo(account, { processes, folders: [paths.data, paths.beside] });
}

export async function serverState(server: Server): Promise<Outcome<ServerState>> {
  const { data, log } = pathsOf(server.place);
  const asked = await runAsServer(server.processes, {
    account: server.account,
    program: join(server.programs, 'pg_ctl'),
    args: ['status', '-D', data],
    stallMs: statusStallMs,
  });
  if (!asked.ok) return asked;
  const text = await readFile(log, 'utf8').catch(() => '');
  return succeed({ running: asked.value.exitCode === 0, ...readServerLog(text) });
}

/** What a server in recovery says of itself. These messages carry no code, so they are read as text, in English. */
function readServerLog(text: string): Omit<ServerState, 'running'> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const last = (expression: RegExp) =>
    lines
      .findLast((line) => expression.test(line))
      ?.match(expression)?.[1]
      ?.trim();
  const lastTransaction =
    last(/last completed transaction was at log time (.+)$/) ??
    last(/recovery stopping (?:before|after) commit of transaction \d+, time (.+)$/);
  // Somebody knocking while it starts or ends is sent away with FATAL, too.
  const fatal = last(/(?:FATAL|PANIC):\s+(?!\s|the database system is )(.+)$/);
  return {
    logLines: lines.length,
    lastLines: lines.slice(-lastLines),
    segmentsReplayed: lines.filter((line) => /restored log file "[0-9A-F]{24}"/.test(line)).length,
    ...(lastTransaction === undefined ? {} : { lastTransaction }),
    ...(fatal === undefined ? {} : { fatal }),
  };
}

export async function promoteServer(server: Server): Promise<Outcome<void>> {
  const { data } = pathsOf(server.place);
  const args = ['promote', '-D', data, '--wait', '--timeout', longest];
  const ran = await pgCtl(server, { program: join(server.programs, 'pg_ctl'), args });
  return ran.ok ? succeed(undefined) : ran;
}

export async function stopServer(server: Server): Promise<Outcome<void>> {
  const { data, socket } = pathsOf(server.place);
  const program = join(server.programs, 'pg_ctl');
  const isDown = async () => {
    const args = ['status', '-D', data];
    const asked = await runAsServer(server.processes, {
      account: server.account,
      program,
      args,
      stallMs: statusStallMs,
    });
    return asked.ok ? succeed(notRunning.includes(asked.value.exitCode)) : asked;
  };
  const down = await isDown();
  if (!down.ok) return down;
  if (!down.value) {
    const args = ['stop', '-D', data, '--mode', 'fast', '--timeout', longest];
    const ran = await pgCtl(server, { program, args });
    // It may have been about to end by itself.
    const after = ran.ok ? ran : await isDown();
    if (!ran.ok && !(after.ok && after.value)) return ran;
  }
  await rm(socket, { recursive: true, force: true });
  return succeed(undefined);
}

async function pgCtl(
  server: Server,
  call: { readonly program: string; readonly args: readonly string[] },
): Promise<Outcome<void>> {
  const { processes, account, place } = server;
  const ran = await runAsServer(processes, {
    account,
    ...call,
    env: { LC_ALL: 'C' },
    stallMs: waitingStallMs,
  });
  if (!ran.ok || ran.value.exitCode === 0) return ran.ok ? succeed(undefined) : ran;
  const log = await readFile(pathsOf(place).log, 'utf8').catch(() => '');
  return fail({
    code: 'command-failed',
    message: `pg_ctl ${call.args[0]} ended with status ${ran.value.exitCode} for ${place.folder}.`,
    remedy: `Read ${pathsOf(place).log}, mend what it names, then retry.`,
    retry: 'after-fix',
    detail: `${ran.value.stdout}${ran.value.stderr}\n${log.split('\n').slice(-8).join('\n')}`.trim(),
  });
}
