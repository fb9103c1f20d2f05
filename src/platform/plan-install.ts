import { type InstallPlan, type Lack, mergeLacks, type ProgramPart, programs } from '../base/programs.ts';
import { shellLine } from '../base/quoting.ts';
import { type InstallHost, thisHost } from './distribution.ts';
import { type Wanted, type Way, wayOf } from './packages.ts';

type Repository = 'pgdg' | 'docker';

/**
 * The exact commands for that host: its own packages first, then the repositories of others with theirs. They ask nothing, and the same
 * lines are shown, pasted and run.
 */
export function planInstall(lacks: readonly Lack[], host: InstallHost = thisHost()): InstallPlan {
  const wanted = wantedParts(lacks);
  const others = wanted.map(({ part }) => part);
  const ways = wanted.map((one) => onThisHost(wayOf(one, { host, others }), host));
  const from = (source: Repository | undefined) => [
    ...new Set(ways.flatMap((way) => ('packages' in way && way.from === source ? way.packages : []))),
  ];
  const own = from(undefined);
  const pgdg = from('pgdg');
  const docker = from('docker');
  const { family, asRoot } = host;
  const lines = [
    // Without a fresh list apt-get asks for versions that its mirrors have no longer.
    ...((family === 'debian' || family === 'ubuntu') && ways.some((way) => 'packages' in way)
      ? ['apt-get update']
      : []),
    ...(own.length === 0 ? [] : [install(own, host)]),
    ...(pgdg.length === 0 ? [] : [...addPgdg(host), install(pgdg, host)]),
    ...(docker.length === 0 ? [] : [...addDocker(host), install(docker, host)]),
    ...([...own, ...docker].some((name) => engines.includes(name)) ? startDocker(host) : []),
  ];
  return {
    distribution: host.name,
    commands: lines.map((line) => forRoot(line, asRoot)),
    byHand: [...new Set(ways.flatMap((way) => ('byHand' in way ? [way.byHand] : [])))],
  };
}

/** More is no sentence any longer. */
const mostInOneSentence = 4;

/** For the remedy of a single failure: what to run here, in one sentence. */
export function sayInstall(lack: Lack): string {
  const { commands, byHand } = planInstall([lack]);
  const [first] = byHand;
  if (first !== undefined) return `Install ${first}.`;
  if (commands.length > mostInOneSentence)
    return `Install ${lack.program}: \`thaw check\` has the ${commands.length} commands for this host.`;
  return `Install ${lack.program}: ${commands.join(' && ')}`;
}

function wantedParts(lacks: readonly Lack[]): readonly Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const { program, major, exact } of mergeLacks(lacks)) {
    const part: ProgramPart = programs[program].part;
    const key = `${part} ${exact ? major : ''}`;
    const known = wanted.get(key);
    if (known === undefined || (known.major ?? 0) < (major ?? 0)) wanted.set(key, { part, major, exact });
  }
  return [...wanted.values()];
}

/** Children of Fedora and RHEL number their releases otherwise, so that these repositories have no folder for them. */
function onThisHost(way: Way, { family, isOriginal, name }: InstallHost): Way {
  if (!('from' in way) || way.from === undefined) return way;
  if ((family !== 'fedora' && family !== 'rhel') || isOriginal) return way;
  return { byHand: `${way.packages.join(' ')}: no repository of ${way.from} is known to thaw for ${name}` };
}

function install(names: readonly string[], { family }: InstallHost): string {
  switch (family) {
    case 'debian':
    case 'ubuntu':
      // debconf would put its questions where nobody answers.
      return shellLine(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', ...names]);
    case 'alpine':
      return shellLine(['apk', 'add', '--update-cache', ...names]);
    case 'arch':
      return shellLine(['pacman', '-S', '--needed', '--noconfirm', ...names]);
    default:
      return shellLine(['dnf', 'install', '-y', ...names]);
  }
}

const pgdgScript = '/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh';

/** https://www.postgresql.org/download/linux/ */
function addPgdg(host: InstallHost): readonly string[] {
  const { family, isOriginal, codename } = host;
  if (family === 'debian' || family === 'ubuntu') {
    // The script takes the name of the release from os-release, which in a child of Debian or Ubuntu is its own.
    const release = isOriginal || codename === '' ? [] : [codename];
    return [
      install(['postgresql-common', 'ca-certificates'], host),
      shellLine([pgdgScript, '-y', ...release]),
    ];
  }
  const [short, package_] = family === 'fedora' ? ['F', 'pgdg-fedora-repo'] : ['EL', 'pgdg-redhat-repo'];
  const release = `${short}-${releaseOf(host)}-${rpmArchitecture(host)}`;
  return [
    install(
      [`https://download.postgresql.org/pub/repos/yum/reporpms/${release}/${package_}-latest.noarch.rpm`],
      host,
    ),
    // The module of RHEL 8 hides packages of the same names.
    ...(family === 'rhel' && releaseOf(host) === '8' ? ['dnf -qy module disable postgresql'] : []),
  ];
}

/** https://docs.docker.com/engine/install/ */
function addDocker(host: InstallHost): readonly string[] {
  const { family, id, codename, architecture } = host;
  if (family === 'rhel') {
    const folder = id === 'rhel' ? 'rhel' : 'centos';
    return [
      install(['dnf-plugins-core'], host),
      `dnf config-manager --add-repo https://download.docker.com/linux/${folder}/docker-ce.repo`,
    ];
  }
  const key = '/etc/apt/keyrings/docker.asc';
  const arch = architecture === 'x64' ? 'amd64' : architecture;
  const source = `deb [arch=${arch} signed-by=${key}] https://download.docker.com/linux/debian ${codename} stable`;
  return [
    install(['ca-certificates', 'curl'], host),
    'install -m 0755 -d /etc/apt/keyrings',
    `curl -fsSL https://download.docker.com/linux/debian/gpg -o ${key}`,
    `chmod a+r ${key}`,
    `${shellLine(['printf', '%s\\n', source])} | tee /etc/apt/sources.list.d/docker.list`,
    'apt-get update',
  ];
}

/** Packages that hold the daemon. Debian's, Ubuntu's and Docker's for them start it themselves. */
const engines: readonly string[] = ['moby-engine', 'docker-ce', 'docker'];

function startDocker({ family }: InstallHost): readonly string[] {
  if (family === 'debian' || family === 'ubuntu') return [];
  return family === 'alpine'
    ? ['rc-update add docker default', 'service docker start']
    : ['systemctl enable --now docker'];
}

function releaseOf({ version }: InstallHost): string {
  return version.split('.')[0] ?? '';
}

function rpmArchitecture({ architecture }: InstallHost): string {
  return { x64: 'x86_64', arm64: 'aarch64' }[architecture] ?? architecture;
}

/** Of a pipe the last part is what writes. */
function forRoot(line: string, asRoot: InstallHost['asRoot']): string {
  const pipe = line.lastIndexOf(' | ');
  return pipe < 0 ? `${asRoot}${line}` : `${line.slice(0, pipe + 3)}${asRoot}${line.slice(pipe + 3)}`;
}
