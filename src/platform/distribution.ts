import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Distributions whose packages are known, by how they install and what they call them. */
export type Family = 'debian' | 'ubuntu' | 'fedora' | 'rhel' | 'alpine' | 'arch';

type Distribution = {
  readonly family: Family | undefined;
  /** ID of os-release: rocky. */
  readonly id: string;
  /** It is no child of the one that its family is named for: what stands in tables by version is of that one. */
  readonly isOriginal: boolean;
  /** VERSION_ID: 12, 24.04, 9.4, 3.22.1; empty where there is none, as in Arch and Debian's testing. */
  readonly version: string;
  /** Of the original, also in a child of it: bookworm, noble. */
  readonly codename: string;
  /** For people. */
  readonly name: string;
};

/** What decides which commands install something here. */
export type InstallHost = Distribution & {
  readonly architecture: string;
  /** What stands before a command that only root may run: nothing for root, sudo or doas for others. */
  readonly asRoot: '' | 'sudo ' | 'doas ';
};

const originals: Readonly<Record<string, Family>> = {
  ...{ debian: 'debian', ubuntu: 'ubuntu', fedora: 'fedora', alpine: 'alpine', arch: 'arch' },
  // Rebuilds of RHEL, whose ID_LIKE does not always say so.
  ...{ rhel: 'rhel', centos: 'rhel', almalinux: 'rhel', rocky: 'rhel', ol: 'rhel' },
};

/** @param text of /etc/os-release (os-release(5)). What it gives goes into commands, so anything odd counts as left out. */
export function readDistribution(text: string): Distribution {
  const fields = new Map(
    [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, unquote(value)]),
  );
  const word = (name: string) => {
    const value = fields.get(name) ?? '';
    return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(value) ? value : '';
  };
  const id = word('ID');
  const alike = (fields.get('ID_LIKE') ?? '').split(' ');
  // CentOS is like rhel and fedora, Mint like ubuntu and debian: the nearest stands first.
  const parent = alike.find((name) => Object.hasOwn(originals, name));
  const family = (Object.hasOwn(originals, id) ? originals[id] : undefined) ?? originals[parent ?? ''];
  return {
    family,
    id,
    isOriginal: Object.hasOwn(originals, id),
    version: word('VERSION_ID'),
    codename: word('UBUNTU_CODENAME') || word('DEBIAN_CODENAME') || word('VERSION_CODENAME'),
    name: fields.get('PRETTY_NAME') || id || 'a system without /etc/os-release',
  };
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1\s*$/.exec(value);
  return (quoted?.[2] ?? value).trim();
}

/** This host, as it is now. */
export function thisHost(): InstallHost {
  const text = ['/etc/os-release', '/usr/lib/os-release'].map(readIfThere).find((one) => one !== '') ?? '';
  return { ...readDistribution(text), architecture: process.arch, asRoot: howAsRoot() };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Without it nothing is known of the distribution, and that is what is said.
    return '';
  }
}

function howAsRoot(): InstallHost['asRoot'] {
  if (process.getuid?.() === 0) return '';
  return !isOnPath('sudo') && isOnPath('doas') ? 'doas ' : 'sudo ';
}

/** In a folder of PATH, and this user may run it. */
export function isOnPath(name: string): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  return folders.some((folder) => isExecutable(join(folder, name)) && !isWrapper(join(folder, name)));
}

/** Debian's stays when the last version of PostgreSQL is taken away, and starts nothing then. */
function isWrapper(path: string): boolean {
  return realpathSync(path).endsWith('/pg_wrapper');
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
