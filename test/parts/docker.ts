import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type RunningDocker = {
  /** What DOCKER_HOST has to be to reach it. */
  readonly DOCKER_HOST: string;
  /** Runs the docker client against it and returns what it printed. */
  docker(...args: readonly string[]): Promise<string>;
  /** Ends the daemon if it is ours, with every container; a daemon found running is left alone. */
  stop(): Promise<void>;
};

const startLimitMs = 30_000;
const systemSocket = '/var/run/docker.sock';

/**
 * The Docker daemon of this machine, or one of our own: as root, with its data, its sockets and its containerd in
 * a temporary folder. Its containers can only use the host's network, since it touches neither bridges nor iptables.
 */
export async function ensureDocker(): Promise<RunningDocker> {
  const configured = process.env.DOCKER_HOST ?? `unix://${systemSocket}`;
  if (configured.startsWith('unix://') && (await answers(configured.slice('unix://'.length)))) {
    return { DOCKER_HOST: configured, docker: clientOf(configured), stop: async () => undefined };
  }
  if (process.getuid?.() !== 0) {
    throw new Error('No Docker daemon answers, and only root can start one: run systemctl start docker.');
  }
  return startDaemon();
}

async function startDaemon(): Promise<RunningDocker> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-docker-'));
  const socket = join(folder, 'docker.sock');
  const host = `unix://${socket}`;
  const logFile = join(folder, 'log');
  const log = await open(logFile, 'a');
  const places = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')];
  const network = ['--iptables=false', '--ip6tables=false', '--bridge=none'];
  const args = [...places, '--pidfile', join(folder, 'docker.pid'), '--host', host, ...network];
  const daemon = spawn('dockerd', args, { stdio: ['ignore', log.fd, log.fd] });
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
  const endWithUs = () => daemon.kill();
  process.once('exit', endWithUs);
  const docker = clientOf(host);
  return {
    DOCKER_HOST: host,
    docker,
    async stop() {
      process.off('exit', endWithUs);
      const containers = (await docker('ps', '--all', '--quiet')).split('\n').filter((id) => id !== '');
      if (containers.length > 0) await docker('rm', '--force', ...containers);
      if (daemon.exitCode === null) {
        daemon.kill();
        await once(daemon, 'exit');
      }
      await unmountBelow(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
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
