import type { Outcome } from '../base/failure.ts';
import type { Guarded } from '../base/permit.ts';
import type { Secret } from '../base/secret.ts';
import type { ToolVersion } from './dump-tools.ts';

/** Where physical backups are: base backups and the write-ahead log since. Values are already filled in. */
export type ClusterBackupsConfig =
  | {
      /** What pg_basebackup writes, and an archive_command's segments, as objects of the backup store. */
      readonly engine: 'base-backup';
      readonly layout: string;
      readonly walPrefix: string;
    }
  | {
      /** pgBackRest, which knows its own repository. */
      readonly engine: 'pgbackrest';
      readonly stanza: string;
      readonly configFile: string;
    };

export type PgBackRestConfig = Extract<ClusterBackupsConfig, { engine: 'pgbackrest' }>;

/** A backup in a pgBackRest repository. */
export type RepositoryBackup = {
  readonly label: string;
  readonly kind: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly sizeBytes: number;
};

export type Repository = {
  readonly backups: readonly RepositoryBackup[];
  /** Of PostgreSQL: 15. */
  readonly major: number;
  readonly firstSegment: string | undefined;
  readonly lastSegment: string | undefined;
};

/** What pg_controldata says of a data folder. */
export type ControlData = {
  readonly systemIdentifier: string;
  readonly timeline: number;
  readonly segmentBytes: number;
  /** in archive recovery, in production, shut down … */
  readonly state: string;
};

/**
 * A data folder and what is kept beside it in `FOLDER.recovery`: configuration, log, WAL brought here. Made by one run and
 * marked with its id; nothing else is ever written to or removed.
 */
export type ClusterPlace = { readonly folder: string; readonly runId: string };

export type PlaceState =
  | { readonly kind: 'free' }
  /** This run made it. */
  | { readonly kind: 'own' }
  /** Somebody else's files, or another run's. */
  | { readonly kind: 'taken'; readonly what: string };

export type RecoverySettings = {
  readonly place: ClusterPlace;
  readonly port: number;
  /** As PostgreSQL runs it: %f is the file wanted, %p where it goes. */
  readonly restoreCommand: string;
  /** Left out: to the end of the archive. Recovery stops before the first commit at or after it, unless `inclusive`. */
  readonly targetTimeMs?: number;
  readonly inclusive: boolean;
  /** latest, current, or a number. */
  readonly timeline: string;
};

export type ServerState = {
  readonly running: boolean;
  /** Lines of the server's log so far: a sign of life while it replays. */
  readonly logLines: number;
  /** The newest lines, oldest first. */
  readonly lastLines: readonly string[];
  /** Segments asked of the archive and found. */
  readonly segmentsReplayed: number;
  /** Commit time of the last transaction replayed, where the log says so: after the end of recovery, or a failed one. */
  readonly lastTransaction?: string;
  /** The server's own words when it gave up. */
  readonly fatal?: string;
};

type Work = {
  readonly onLine: (line: string) => void;
  readonly stallMs: number;
  readonly signal?: AbortSignal;
};

/**
 * PostgreSQL clusters on this host, made from physical backups or empty. Where we are root the server and everything in its folder
 * belong to the user postgres. Failures: tool-missing, denied, conflict, out-of-space, damaged, stalled, command-failed.
 */
export type ClusterDriver = {
  /** Server programs of exactly this major version: another one cannot read the folder. */
  serverVersion(major: number): Promise<Outcome<ToolVersion>>;
  /** The highest version whose programs can make a cluster and serve it. */
  newestVersion(): Promise<Outcome<ToolVersion>>;
  /** The folder free, or ours; its parent open to the server's user. Changes nothing. */
  look(place: ClusterPlace): Promise<Outcome<PlaceState>>;
  /** Makes both folders, empty, and marks them. Making what is ours already succeeds. */
  make(place: ClusterPlace): Promise<Outcome<void>>;
  /** Where a WAL segment brought here belongs. */
  walFile(place: ClusterPlace, name: string): string;
  /** Unpacks a tar file into the data folder, or into its pg_wal. */
  unpackTar(
    request: { readonly place: ClusterPlace; readonly file: string; readonly into: 'data' | 'wal' } & Work,
  ): Promise<Outcome<void>>;
  /** pg_verifybackup against the backup's own manifest; the text says how many files. */
  verifyFiles(
    request: { readonly place: ClusterPlace; readonly manifestFile: string } & Work,
  ): Promise<Outcome<string>>;
  control(place: ClusterPlace): Promise<Outcome<ControlData>>;
  /**
   * A configuration of our own that leaves out what the lost cluster had (archive_command, primary_conninfo …); that is kept
   * beside it for a person to look at, and its names returned.
   */
  configure(settings: RecoverySettings): Promise<Outcome<readonly string[]>>;
  describeStart(place: ClusterPlace): string;
  /** Returns at once; watch it with `state`. */
  start(place: ClusterPlace): Promise<Outcome<void>>;
  state(place: ClusterPlace): Promise<Outcome<ServerState>>;
  describeRaise(place: ClusterPlace): readonly string[];
  /**
   * An empty cluster of the newest version with its server up: made where there is none yet, started where it is down. It has a
   * socket and no port, and one superuser, `postgres`, whom only this user may be; other roles come with their password. The
   * server ends with this process, however that ends; what was in the cluster stays for the next one that raises it.
   * `conflict` where the place is taken.
   */
  raise(place: ClusterPlace): Promise<Outcome<void>>;
  /** Ends recovery on a new timeline. Returns when the server takes writes. */
  promote(place: ClusterPlace): Promise<Outcome<void>>;
  /** Stopping what does not run succeeds. */
  stop(place: ClusterPlace): Promise<Outcome<void>>;
  /** Stops it and removes both folders, only where they are ours. */
  remove(place: ClusterPlace): Promise<Outcome<void>>;
  /** A URL over the private socket, for which no password is needed. */
  url(request: {
    readonly place: ClusterPlace;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  }): Secret;
  /** What a pgBackRest repository holds. */
  repository(config: PgBackRestConfig): Promise<Outcome<Repository>>;
  describeRepositoryRestore(request: RepositoryRestore): string;
  /** Brings one backup of the repository into the data folder, every file compared with its checksum. */
  restoreFromRepository(request: RepositoryRestore & Work): Promise<Outcome<void>>;
  /** The restore_command for that repository. */
  repositoryCommand(config: PgBackRestConfig, place: ClusterPlace): string;
  /** The restore_command for segments brought here. */
  folderCommand(place: ClusterPlace): string;
};

export type RepositoryRestore = {
  readonly config: PgBackRestConfig;
  readonly place: ClusterPlace;
  readonly label: string;
};

/** Clusters as everybody but their driver has them: removing one needs leave. */
export type ClusterTools = Guarded<ClusterDriver, 'remove'>;
