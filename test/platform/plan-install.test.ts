import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Lack, mergeLacks, type ProgramName, programs } from '../../src/base/programs.ts';
import { type InstallHost, readDistribution } from '../../src/platform/distribution.ts';
import { planInstall } from '../../src/platform/plan-install.ts';

/** os-release as these releases ship it, less what nobody reads. */
const releases = {
  debian12:
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
  debian13:
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\n',
  ubuntu:
    'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=noble\n',
  mint: 'PRETTY_NAME="Linux Mint 22.1"\nVERSION_ID="22.1"\nVERSION_CODENAME=xia\nID=linuxmint\nID_LIKE="ubuntu debian"\nUBUNTU_CODENAME=noble\n',
  fedora: 'PRETTY_NAME="Fedora Linux 42 (Server Edition)"\nID=fedora\nVERSION_ID=42\n',
  rocky:
    'PRETTY_NAME="Rocky Linux 9.6 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\n',
  oracle8: 'PRETTY_NAME="Oracle Linux Server 8.10"\nID="ol"\nID_LIKE="fedora"\nVERSION_ID="8.10"\n',
  amazon: 'PRETTY_NAME="Amazon Linux 2023"\nID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n',
  alpine: 'PRETTY_NAME="Alpine Linux v3.22"\nID=alpine\nVERSION_ID=3.22.1\n',
  arch: 'PRETTY_NAME="Arch Linux"\nID=arch\n',
  suse: 'PRETTY_NAME="openSUSE Leap 15.6"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\n',
};

function host(release: keyof typeof releases, other: Partial<InstallHost> = {}): InstallHost {
  return { ...readDistribution(releases[release]), architecture: 'x64', asRoot: '', ...other };
}

const plan = (release: keyof typeof releases, ...lacks: (ProgramName | Lack)[]) =>
  planInstall(
    lacks.map((lack) => (typeof lack === 'string' ? { program: lack } : lack)),
    host(release),
  );

const apt = 'env DEBIAN_FRONTEND=noninteractive apt-get install -y';
const newest: Lack = { program: 'pg_restore', major: 18 };

describe('The commands that install what is missing', () => {
  it('are those of each distribution, for one list of programs in one go', () => {
    const needed = ['gpg', 'pg_restore', 'ssh-keygen', 'setpriv'] as const;
    expect(plan('debian12', ...needed).commands).toEqual([
      'apt-get update',
      `${apt} gnupg postgresql-client openssh-client util-linux`,
    ]);
    expect(plan('ubuntu', ...needed)).toMatchObject({ commands: plan('debian12', ...needed).commands });
    expect(plan('fedora', ...needed).commands).toEqual([
      'dnf install -y gnupg2 postgresql openssh util-linux',
    ]);
    expect(plan('alpine', ...needed).commands).toEqual([
      'apk add --update-cache gnupg postgresql-client openssh-keygen setpriv',
    ]);
    expect(plan('arch', ...needed).commands).toEqual([
      'pacman -S --needed --noconfirm gnupg postgresql-libs openssh util-linux',
    ]);
  });

  it('take the PostgreSQL of the distribution where it is new enough, and that of PGDG by name where it is not', () => {
    const script = '/usr/share/postgresql-common/pgdg/apt.postgresql.org.sh';
    expect(plan('debian12', { program: 'pg_restore', major: 14 }).commands.at(-1)).toBe(
      `${apt} postgresql-client`,
    );
    expect(plan('debian12', newest).commands).toEqual([
      'apt-get update',
      `${apt} postgresql-common ca-certificates`,
      `${script} -y`,
      `${apt} postgresql-client-18`,
    ]);
    // The script would look for a release called xia.
    expect(plan('mint', newest).commands).toContain(`${script} -y noble`);
    expect(plan('fedora', newest).commands).toEqual([
      'dnf install -y https://download.postgresql.org/pub/repos/yum/reporpms/F-42-x86_64/pgdg-fedora-repo-latest.noarch.rpm',
      'dnf install -y postgresql18',
    ]);
    expect(plan('rocky', newest).commands[0]).toContain('/EL-9-x86_64/pgdg-redhat-repo-latest.noarch.rpm');
    expect(plan('rocky', newest).commands).not.toContain('dnf -qy module disable postgresql');
    expect(plan('oracle8', newest).commands[1]).toBe('dnf -qy module disable postgresql');
    expect(plan('alpine', newest).commands).toEqual(['apk add --update-cache postgresql18-client']);
    // A cluster is read by exactly its own version; for a dump any newer one will do.
    expect(plan('debian13', { program: 'postgres', major: 15, exact: true }).commands.at(-1)).toBe(
      `${apt} postgresql-15`,
    );
    expect(plan('debian13', { program: 'postgres', major: 15 }).commands.at(-1)).toBe(`${apt} postgresql`);
    expect(plan('arch', { program: 'postgres', major: 15, exact: true })).toMatchObject({ commands: [] });
  });

  it('bring Compose v2 also where the distribution has only version 1, and leave a Docker that is there alone', () => {
    const compose = plan('debian12', 'docker compose').commands;
    expect(compose).toContain(
      "printf '%s\\n' 'deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/debian bookworm stable' | tee /etc/apt/sources.list.d/docker.list",
    );
    expect(compose.at(-1)).toBe(`${apt} docker-compose-plugin`);
    expect(plan('debian12', 'docker', 'docker compose').commands.at(-1)).toBe(
      `${apt} docker-ce docker-ce-cli containerd.io docker-compose-plugin`,
    );
    expect(plan('debian12', 'docker').commands.at(-1)).toBe(`${apt} docker.io`);
    expect(plan('debian13', 'docker compose').commands.at(-1)).toBe(`${apt} docker-compose`);
    expect(plan('ubuntu', 'docker', 'docker compose').commands.at(-1)).toBe(
      `${apt} docker.io docker-compose-v2`,
    );
    expect(plan('alpine', 'docker compose').commands).toEqual(['apk add --update-cache docker-cli-compose']);
    expect(plan('fedora', 'docker compose').commands).toEqual(['dnf install -y docker-compose']);
    expect(plan('rocky', 'docker', 'docker compose').commands).toEqual([
      'dnf install -y dnf-plugins-core',
      'dnf config-manager --add-repo https://download.docker.com/linux/centos/docker-ce.repo',
      'dnf install -y docker-ce docker-ce-cli containerd.io docker-compose-plugin',
      'systemctl enable --now docker',
    ]);
  });

  it('say what has to be done by hand, and for an unknown distribution everything', () => {
    const all = Object.keys(programs) as ProgramName[];
    expect(plan('debian12', 'sops')).toMatchObject({
      commands: [],
      byHand: [expect.stringContaining('getsops/sops')],
    });
    // Its releases have numbers of their own, and nobody else's repository knows them.
    expect(plan('amazon', newest)).toMatchObject({
      commands: [],
      byHand: [expect.stringContaining('postgresql18')],
    });
    const unknown = plan('suse', ...all);
    expect(unknown).toMatchObject({ distribution: 'openSUSE Leap 15.6', commands: [] });
    for (const usual of ['gnupg', 'postgresql-client', 'rclone', 'kubectl'])
      expect(unknown.byHand.join('\n')).toContain(usual);
    // Whatever is missing, wherever: a command or a sentence brings it.
    for (const release of Object.keys(releases) as (keyof typeof releases)[])
      for (const program of all) {
        const { commands, byHand } = plan(release, program);
        expect(commands.length + byHand.length, `${program} on ${release}`).toBeGreaterThan(0);
      }
  });

  it('ask for the rights of root where this user has none', () => {
    const lacks = [{ program: 'docker compose' }] as const;
    const { commands } = planInstall(lacks, host('debian12', { asRoot: 'sudo ' }));
    const [piped, ...others] = [...commands].sort(
      (a, b) => Number(b.includes(' | ')) - Number(a.includes(' | ')),
    );
    expect(piped).toMatch(/^printf .* \| sudo tee \/etc\//);
    for (const command of others) expect(command).toMatch(/^sudo /);
  });

  it('hold nothing of an os-release that is made to do harm', () => {
    const evil = readDistribution(
      'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME="x;reboot"\nPRETTY_NAME="$(reboot)"\n',
    );
    const { commands } = planInstall([{ program: 'docker compose' }], {
      ...evil,
      architecture: 'x64',
      asRoot: '',
    });
    expect(commands.join('\n')).not.toContain('reboot');
  });

  it('are asked of each version once: a newer client also stands for an older one', () => {
    const exact = { program: 'postgres', major: 15, exact: true } as const;
    expect(
      mergeLacks([{ program: 'pg_restore' }, newest, { program: 'pg_restore', major: 16 }, exact]),
    ).toEqual([newest, exact]);
  });

  const isHere = isDebian12();
  it(
    isHere
      ? 'name packages that Debian 12 has'
      : 'are not held against the packages of Debian 12, which this is not',
    () => {
      const all = (Object.keys(programs) as ProgramName[]).map((program) => ({ program }));
      const { commands } = planInstall(all, host('debian12'));
      const own = commands.find((line) => line.startsWith(apt))?.slice(apt.length + 1) ?? '';
      const names = own.split(' ');
      expect(names.length).toBeGreaterThan(8);
      if (!isHere) return;
      const asked = execFileSync('apt-cache', ['policy', ...names], { encoding: 'utf8' });
      const known = [...asked.matchAll(/^(\S+):\n.*\n\s+Candidate: (?!\(none\))/gm)].map(([, name]) => name);
      expect(names.filter((name) => !known.includes(name))).toEqual([]);
    },
  );
});

/** With lists of packages to ask: a fresh image has none. */
function isDebian12(): boolean {
  const file = '/etc/os-release';
  const lists = '/var/lib/apt/lists';
  if (!existsSync(file) || !existsSync(lists)) return false;
  const { id, version } = readDistribution(readFileSync(file, 'utf8'));
  return id === 'debian' && version === '12' && readdirSync(lists).some((name) => name.includes('_Packages'));
}
