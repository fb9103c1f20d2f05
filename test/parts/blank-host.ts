import { execFile } from 'node:child_process';
import { access, copyFile, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { openPseudoTerminal, type PseudoTerminal } from '../terminal/pseudo-terminal.ts';
import type { RunningDocker } from './docker.ts';

const run = promisify(execFile);

/** What `thaw check` lists for Port Nimara on Debian 12, beside Docker, whose own repository is out of reach here. */
const packages = ['ca-certificates', 'gpg', 'gpg-agent', 'postgresql-client'];
/** Changes with what is in it. */
const edition = 'thaw-blank-bookworm-1';

export type BlankHost = {
  /** Its root, as seen from here. */
  readonly root: string;
  /** A command line of it, on a terminal, in the home of its root. */
  open(line: readonly string[], env: Readonly<Record<string, string>>): PseudoTerminal;
  remove(): Promise<void>;
};

/**
 * A minimal Debian 12 in a folder: no Node, npm, git, checkout or name server; its processes see the network of this host, of which they
 * know loopback addresses alone. Made once by debootstrap, and kept for the next run.
 */
export async function makeBlankHost(docker: RunningDocker): Promise<BlankHost> {
  const kept = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), edition);
  if (!(await isThere(join(kept, 'usr/bin/pg_restore')))) await bootstrap(kept);
  const root = await mkdtemp(join(tmpdir(), 'thaw-blank-'));
  await run('cp', ['--archive', '--reflink=auto', '--one-file-system', `${kept}/.`, root]);
  await rm(join(root, 'etc/resolv.conf'), { force: true });
  await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  await putDocker(root);
  const socket = docker.DOCKER_HOST.replace('unix://', '');
  const script = [
    'root=$1; socket=$2; shift 2',
    'mount --bind "$root" "$root"',
    'mount --rbind /proc "$root/proc"; mount --rbind /dev "$root/dev"',
    'mkdir -p "$root$(dirname "$socket")"; mount --bind "$(dirname "$socket")" "$root$(dirname "$socket")"',
    'exec chroot "$root" "$@"',
  ].join('; ');
  return {
    root,
    open: (line, env) =>
      openPseudoTerminal({
        file: 'unshare',
        args: [
          ...['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', root, socket],
          ...[
            'env',
            '--ignore-environment',
            '--chdir=/root',
            'HOME=/root',
            'TERM=xterm-256color',
            'LANG=C.UTF-8',
          ],
          ...[
            'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
            `DOCKER_HOST=${docker.DOCKER_HOST}`,
          ],
          ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
          ...line,
        ],
        columns: 110,
        rows: 40,
      }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

async function bootstrap(kept: string): Promise<void> {
  await mkdir(dirname(kept), { recursive: true });
  const making = await mkdtemp(`${kept}.`);
  try {
    const include = `--include=${packages.join(',')}`;
    await run('debootstrap', ['--variant=minbase', include, 'bookworm', making], { maxBuffer: 1 << 26 });
    await run('chroot', [making, 'apt-get', 'clean']);
    await rename(making, kept).catch(async (error) => {
      // Somebody else was faster.
      if (!(await isThere(join(kept, 'usr/bin/pg_restore')))) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

async function putDocker(root: string): Promise<void> {
  const { stdout: docker } = await run('sh', ['-c', 'readlink -f "$(command -v docker)"']);
  const format = '{{range .ClientInfo.Plugins}}{{if eq .Name "compose"}}{{.Path}}{{end}}{{end}}';
  const { stdout: compose } = await run('docker', ['info', '--format', format]);
  await copyFile(docker.trim(), join(root, 'usr/bin/docker'));
  const plugins = join(root, 'usr/libexec/docker/cli-plugins');
  await mkdir(plugins, { recursive: true });
  await cp(compose.trim(), join(plugins, 'docker-compose'), { dereference: true });
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
