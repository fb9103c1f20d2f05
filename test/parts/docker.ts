import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isAlive, onceARun, ownerPid } from './once-a-run.ts';

const run = promisify(execFile);

export type RunningDocker = {
  /** What DOCKER_HOST has to be to reach it. */
  readonly DOCKER_HOST: string;
  /** Runs the docker client against it and returns what it printed. */
  docker(...args: readonly string[]): Promise<string>;
  /** Ends the daemon if it is this file's own, with every container; one that is shared or was found running is left alone. */
  stop(): Promise<void>;
};

const startLimitMs = 30_000;
const folderPrefix = 'thaw-docker-';
const systemSocket = '/var/run/docker.sock';

/**
 * The Docker daemon of this machine, or one of our own: as root, with its data, its sockets and its containerd in
 * a temporary folder. Its containers can only use the host's network, since it touches neither bridges nor iptables. The test
 * files of one run share it, and the images they make: each has projects of its own, and takes its containers away.
 */
export async function ensureDocker(): Promise<RunningDocker> {
  const configured = process.env.DOCKER_HOST ?? `unix://${systemSocket}`;
  if (configured.startsWith('unix://') && (await answers(configured.slice('unix://'.length))))
    return reach(configured);
  if (process.getuid?.() !== 0) {
    throw new Error('No Docker daemon answers, and only root can start one: run systemctl start docker.');
  }
  const shared = await onceARun('docker', startDaemon);
  if (shared !== undefined) return reach(shared.host);
  const { folder, host } = await startDaemon();
  const stop = () => endDaemon(folder);
  return { ...reach(host), stop };
}

function reach(host: string): RunningDocker {
  return { DOCKER_HOST: host, docker: clientOf(host), stop: async () => undefined };
}

/** Detached: the file that starts it may end before others that use it. A killed run's is ended by the next one. */
async function startDaemon(): Promise<{ readonly folder: string; readonly host: string }> {
  await endDocker();
  const folder = await mkdtemp(join(tmpdir(), folderPrefix));
  await writeFile(join(folder, 'owner.pid'), String(ownerPid()));
  const socket = join(folder, 'docker.sock');
  const host = `unix://${socket}`;
  const logFile = join(folder, 'log');
  const log = await open(logFile, 'a');
  const places = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
  const network = ['--iptables=false', '--ip6tables=false', '--bridge=none'];
  // Of all system calls: the usual profile is compiled anew for each `exec`, and nothing in here is to be held back.
  const profile = join(folder, 'seccomp.json');
  await writeFile(profile, '{"defaultAction":"SCMP_ACT_ALLOW"}');
  const args = [
    ...places,
    '--seccomp-profile',
    profile,
    '--pidfile',
    pidFileOf(folder),
    '--host',
    host,
    ...network,
  ];
  const daemon = spawn('dockerd', args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
  daemon.unref();
  await log.close();
  const failure = await Promise.race([
    once(daemon, 'error').then(([error]) => String(error)),
    once(daemon, 'exit').then(([code]) => `dockerd ends with exit status ${code}`),
    waitForAnswer(socket),
  ]);
  if (failure !== undefined) {
    daemon.kill();
    const said = await readFile(logFile, 'utf8').catch(() => '');
    throw new Error(
      `No Docker for the tests (scripts/install-parts.sh test installs it): ${failure}\n${said.slice(-2000)}`,
    );
  }
  return { folder, host };
}

/** Ends the daemon of a run that ends, with every container, and those of runs that were killed. */
export async function endDocker(endingPid?: number): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue;
    const folder = join(tmpdir(), name);
    const owner = Number(await readFile(join(folder, 'owner.pid'), 'utf8').catch(() => ''));
    if (owner > 0 && (owner === endingPid || !isAlive(owner))) await endDaemon(folder);
  }
}

async function endDaemon(folder: string): Promise<void> {
  const pid = Number(await readFile(pidFileOf(folder), 'utf8').catch(() => ''));
  // The number may belong to anybody by now: only the daemon of this very folder is ended.
  const isOurs = async () => {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return commandLine.split('\0').includes(pidFileOf(folder));
  };
  if (pid > 1 && (await isOurs())) {
    const docker = clientOf(`unix://${join(folder, 'docker.sock')}`);
    const containers = (await docker('ps', '--all', '--quiet').catch(() => '')).split('\n');
    const ids = containers.filter((id) => id !== '');
    if (ids.length > 0) await docker('rm', '--force', ...ids).catch(() => '');
    process.kill(pid);
    while (await isOurs()) await pause(50);
  }
  await unmountBelow(folder);
  await rm(folder, { recursive: true, force: true });
}

function pidFileOf(folder: string): string {
  return join(folder, 'docker.pid');
}

/** The daemon leaves the network namespace of its host-network containers mounted, and so the folder busy. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const places = mounts.split('\n').map((line) => line.split(' ')[1] ?? '');
  // The innermost first, in case one lies in another.
  for (const place of places.filter((path) => path.startsWith(`${folder}/`)).reverse())
    await run('umount', [place]);
}

function clientOf(host: string): RunningDocker['docker'] {
  return async (...args) => {
    const environment = { ...process.env, DOCKER_HOST: host };
    const { stdout } = await run('docker', args, { env: environment, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  };
}

async function waitForAnswer(socket: string): Promise<string | undefined> {
  const deadlineMs = performance.now() + startLimitMs;
  while (performance.now() < deadlineMs) {
    if (await answers(socket)) return undefined;
    await pause(100);
  }
  return `dockerd does not answer within ${startLimitMs / 1000} s`;
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/_ping', agent: false, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
