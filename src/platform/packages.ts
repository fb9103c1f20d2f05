import type { ProgramPart } from '../base/programs.ts';
import type { Family, InstallHost } from './distribution.ts';

/**
 * Which packages bring the programs of `base/programs.ts`. Where a name comes from: Debian 12 by installing it; Alpine by the recipes of
 * aports; Arch by the lists of files of its packages; the others by the documentation of the distribution, of PostgreSQL (PGDG) and of Docker.
 */

/** Packages of the distribution; of a repository of their makers, which has to be added first; or what a person has to do. */
export type Way =
  | { readonly packages: readonly string[]; readonly from?: 'pgdg' | 'docker' }
  | { readonly byHand: string };

/** One version for all, or what it depends on. */
type Entry = string | { readonly byHand: string } | ((host: InstallHost) => Way);

const sopsByHand = {
  byHand: 'sops: put the one file, .deb or .rpm of https://github.com/getsops/sops/releases on this host',
};
const kubectlByHand = { byHand: 'kubectl: https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/' };
const ageByHand = { byHand: 'age: put the programs of https://github.com/FiloSottile/age/releases on PATH' };
const rcloneByHand = {
  byHand: 'rclone: put the program, or the .rpm, of https://rclone.org/downloads/ on this host',
};

const dockersOwn = ['docker-ce', 'docker-ce-cli', 'containerd.io'];

type Plain = Exclude<ProgramPart, 'postgres-client' | 'postgres-server'>;

const table: Readonly<Record<Plain, Readonly<Record<Family, Entry>>>> = {
  gnupg: all('gnupg', { fedora: 'gnupg2', rhel: 'gnupg2' }),
  age: all('age', { rhel: ageByHand }),
  sops: all('sops', { debian: sopsByHand, ubuntu: sopsByHand, fedora: sopsByHand, rhel: sopsByHand }),
  openssh: all('openssh', { debian: 'openssh-client', ubuntu: 'openssh-client', alpine: 'openssh-keygen' }),
  docker: all('docker', {
    // From 13 on the client is a package of its own.
    debian: (host) => packages(isBefore(host, 13) ? 'docker.io' : 'docker.io docker-cli'),
    ubuntu: 'docker.io',
    fedora: 'moby-engine docker-cli',
    rhel: () => ({ packages: dockersOwn, from: 'docker' }),
  }),
  compose: all('docker-compose', {
    // What Debian 12 calls docker-compose is version 1.29, which thaw cannot use.
    debian: (host) => (isBefore(host, 13) ? composeOfDocker() : packages('docker-compose')),
    ubuntu: 'docker-compose-v2',
    rhel: composeOfDocker,
    alpine: 'docker-cli-compose',
  }),
  kubectl: all('kubectl', {
    debian: (host) => (isBefore(host, 13) ? packages('kubernetes-client') : kubectlByHand),
    ubuntu: kubectlByHand,
    fedora: 'kubernetes-client',
    rhel: kubectlByHand,
  }),
  rclone: all('rclone', { rhel: rcloneByHand }),
  pgbackrest: all('pgbackrest', {
    fedora: () => ({ packages: ['pgbackrest'], from: 'pgdg' }),
    rhel: () => ({ packages: ['pgbackrest'], from: 'pgdg' }),
    arch: { byHand: 'pgbackrest: build it from the AUR' },
  }),
  setpriv: all('util-linux', { alpine: 'setpriv' }),
  tar: all('tar'),
  coreutils: all('coreutils'),
};

function all(usual: string, other: Partial<Record<Family, Entry>> = {}): Readonly<Record<Family, Entry>> {
  const usually = { debian: usual, ubuntu: usual, fedora: usual, rhel: usual, alpine: usual, arch: usual };
  return { ...usually, ...other };
}

function packages(names: string): Way {
  return { packages: names.split(' ') };
}

function composeOfDocker(): Way {
  return { packages: ['docker-compose-plugin'], from: 'docker' };
}

export type Wanted = {
  readonly part: ProgramPart;
  readonly major?: number | undefined;
  readonly exact?: true | undefined;
};

/** @param others what is installed with it: Docker's own packages go together, and leave a Docker alone that is there. */
export function wayOf(wanted: Wanted, { host, others }: WayContext): Way {
  const { family } = host;
  const { part } = wanted;
  if (family === undefined) return usually(wanted, others);
  if (part === 'postgres-client' || part === 'postgres-server') return postgresWay(wanted, host);
  const way = readEntry(table[part][family], host);
  if (part !== 'docker' || !others.includes('compose')) return way;
  const compose = readEntry(table.compose[family], host);
  return 'from' in compose && compose.from === 'docker' ? { packages: dockersOwn, from: 'docker' } : way;
}

/** Names that most distributions share; how this one says it nobody has told thaw. */
function usually(wanted: Wanted, others: readonly ProgramPart[]): Way {
  const host = { family: 'debian', id: 'debian', version: '13', isOriginal: true } as const;
  const way = wayOf(wanted, {
    host: { ...host, codename: '', name: '', architecture: '', asRoot: '' },
    others,
  });
  if ('byHand' in way) return way;
  return { byHand: `${wanted.part}: the package is usually called ${way.packages.join(', ')}` };
}

type WayContext = { readonly host: InstallHost; readonly others: readonly ProgramPart[] };

function readEntry(entry: Entry, host: InstallHost): Way {
  if (typeof entry === 'function') return entry(host);
  return typeof entry === 'string' ? packages(entry) : entry;
}

/** The one major version of PostgreSQL that a release brings. */
const ownMajors: Readonly<Record<string, number>> = {
  ...{ 'debian 11': 13, 'debian 12': 15, 'debian 13': 17 },
  ...{ 'ubuntu 22.04': 14, 'ubuntu 24.04': 16, 'ubuntu 25.10': 17, 'ubuntu 26.04': 18 },
};

/** The distribution's own where it is new enough, else that of the PostgreSQL project (PGDG), by its major version. */
function postgresWay({ part, major, exact }: Wanted, host: InstallHost): Way {
  const isServer = part === 'postgres-server';
  switch (host.family) {
    case 'debian':
    case 'ubuntu': {
      const own = host.isOriginal ? (ownMajors[`${host.id} ${host.version}`] ?? 0) : 0;
      const name = isServer ? 'postgresql' : 'postgresql-client';
      if (major === undefined || (exact ? own === major : own >= major)) return packages(name);
      return { packages: [`${name}-${major}`], from: 'pgdg' };
    }
    case 'fedora':
    case 'rhel':
      if (major === undefined) return packages(isServer ? 'postgresql-server' : 'postgresql');
      return { packages: [`postgresql${major}${isServer ? '-server' : ''}`], from: 'pgdg' };
    case 'alpine':
      return packages(`postgresql${major ?? ''}${isServer ? '' : '-client'}`);
    default:
      if (!exact) return packages(isServer ? 'postgresql' : 'postgresql-libs');
      return {
        byHand: `PostgreSQL ${major}: Arch has only the newest version; use another host, or the AUR`,
      };
  }
}

function isBefore({ isOriginal, version }: InstallHost, release: number): boolean {
  return isOriginal && version !== '' && Number.parseInt(version, 10) < release;
}
