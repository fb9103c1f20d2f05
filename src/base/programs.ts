/**
 * Every program that thaw starts on this host: what it is needed for, and which part of a distribution brings it
 * (`platform/packages.ts` has the packages). A test finds each start in the sources and holds it against this table.
 */
export const programs = {
  pg_restore: { part: 'postgres-client', about: 'reads and restores archives of pg_dump' },
  psql: { part: 'postgres-client', about: 'restores plain dumps' },
  pg_dump: { part: 'postgres-client', about: 'makes dumps' },
  pg_dumpall: { part: 'postgres-client', about: 'dumps the roles of a server' },
  pg_isready: { part: 'postgres-client', about: 'tells when the servers of the rehearsal are up' },
  postgres: { part: 'postgres-server', about: 'the server of a drill, and of a recovered cluster' },
  initdb: { part: 'postgres-server', about: 'makes the server of a drill' },
  pg_ctl: { part: 'postgres-server', about: 'starts, promotes and stops a recovered cluster' },
  pg_controldata: { part: 'postgres-server', about: 'tells how far a cluster has recovered' },
  pg_verifybackup: { part: 'postgres-server', about: 'holds a base backup against its manifest' },
  pgbackrest: { part: 'pgbackrest', about: 'brings base backups and WAL out of a pgBackRest repository' },
  gpg: { part: 'gnupg', about: 'opens OpenPGP backups of a keyring, and encrypts new ones' },
  gpgconf: { part: 'gnupg', about: 'ends the agent that gpg has started' },
  age: { part: 'age', about: 'opens age backups with SSH keys and plugins' },
  sops: { part: 'sops', about: 'opens encrypted files of secrets' },
  'ssh-keygen': { part: 'openssh', about: 'signs with a key that an agent or a token holds' },
  docker: { part: 'docker', about: 'reaches the containers of the application and of its database' },
  'docker compose': { part: 'compose', about: 'stops and starts the services of a compose file (version 2)' },
  'docker-compose': { part: 'compose', about: 'the same, under its older name' },
  kubectl: { part: 'kubectl', about: 'stops and starts workloads of Kubernetes, and reaches their pods' },
  rclone: { part: 'rclone', about: 'reaches backup stores of kind rclone' },
  setpriv: { part: 'setpriv', about: 'runs the server of a drill as another user, and ends it with thaw' },
  tar: { part: 'tar', about: 'unpacks base backups' },
  chown: { part: 'coreutils', about: 'gives the files of a cluster to the user of its server' },
  test: { part: 'coreutils', about: 'asks as the user of a server whether it may enter a folder' },
  sh: { part: 'coreutils', about: 'starts services, the pager, and the commands of --install' },
} as const;

export type ProgramName = keyof typeof programs;
export type ProgramPart = (typeof programs)[ProgramName]['part'];

/** A program that is not there, or is too old. */
export type Lack = {
  readonly program: ProgramName;
  /** Of PostgreSQL: that version, or a newer one. */
  readonly major?: number;
  /** No newer one either: only the same version reads the files of a cluster. */
  readonly exact?: true;
};

export function isKnownProgram(name: string): name is ProgramName {
  return Object.hasOwn(programs, name);
}

/** For people: pg_restore of PostgreSQL 18 or newer. */
export function sayLack({ program, major, exact }: Lack): string {
  if (major === undefined) return program;
  return `${program} of PostgreSQL ${major}${exact ? '' : ' or newer'}`;
}

/** Each once: of two versions the newer one, unless a cluster needs exactly its own. */
export function mergeLacks(lacks: readonly Lack[]): readonly Lack[] {
  const merged = new Map<string, Lack>();
  for (const lack of lacks) {
    const key = `${lack.program} ${lack.exact ? lack.major : ''}`;
    const known = merged.get(key);
    if (known === undefined || (known.major ?? 0) < (lack.major ?? 0)) merged.set(key, lack);
  }
  const all = [...merged.values()];
  // Some version of it is missing, says one part; another knows which.
  return all.filter(
    (lack) => lack.major !== undefined || !all.some((one) => one !== lack && one.program === lack.program),
  );
}

/** How programs come onto a host. */
export type InstallPlan = {
  /** For people: Debian GNU/Linux 12 (bookworm). */
  readonly distribution: string;
  /** Lines for a shell, in this order, ready to be pasted; they ask nothing. */
  readonly commands: readonly string[];
  /** What no command brings, one sentence each. */
  readonly byHand: readonly string[];
};
