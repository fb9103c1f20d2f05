import type { Readable } from 'node:stream';
import type { Outcome } from '../base/failure.ts';

/** Where services are: the fields of the runbook, filled. Only their kind reads more of it (`services/<kind>/kind.ts`). */
export type ServicesConfig = { readonly kind: string; readonly [field: string]: unknown };

export type ServiceStatus = {
  readonly name: string;
  readonly state: 'running' | 'stopped' | 'absent' | 'restarting' | 'finished';
  /** Only where the service declares a health check. */
  readonly health?: 'healthy' | 'unhealthy' | 'starting';
  readonly exitCode?: number;
  /** Another one whenever it was started anew: by its owner, or after a crash. Left out where nothing runs, or nobody can tell. */
  readonly incarnation?: string;
  /** always, unless-stopped, on-failure, no. */
  readonly restartPolicy?: string;
  /** Of a service that is absent: what runs under its name in another project on the same Docker. */
  readonly elsewhere?: readonly ElsewhereService[];
  /** Containers started by `run` beside the service: `stop` does not touch them. */
  readonly strays?: readonly string[];
  /** For people: why the runbook does not know it, although it belongs to the same application. Left out where it does. */
  readonly outside?: string;
  /** Starting all does not start it. */
  readonly leftAlone?: true;
  /** It runs as another configuration or image than is written down: starting it leaves it so. Known only where it was asked for. */
  readonly differs?: true;
};

export type ElsewhereService = {
  readonly container: string;
  readonly project: string;
  /** Made from the very same file: the same application under another project name. */
  readonly sameFile: boolean;
};

/** A volume that services mount, by the name that what drives them knows it by. */
export type MountedVolume = {
  readonly name: string;
  /** Sorted. */
  readonly services: readonly string[];
  /** Its folder on this host; left out where it is not made yet. */
  readonly place?: string;
};

/** The volume that a folder of this host lies in. */
export type VolumeAt = {
  readonly name: string;
  /** Its folder on this host, whether or not it is there. */
  readonly place: string;
  /** false: a folder where volumes are kept, of which what drives the services knows nothing. */
  readonly isThere: boolean;
  /** What the services of the application mount, sorted by name. */
  readonly mounted: readonly MountedVolume[];
  /** Containers of somebody else that mount it. */
  readonly outside: readonly string[];
};

/** What is referred to and does not go along to another host. */
export type LeftFile = { readonly path: string; readonly why: string };

export type NeededImage = {
  readonly name: string;
  /** By which a registry knows it. */
  readonly digest?: string;
  /** Of the one that lies on this host under that name; left out where none does. */
  readonly here?: { readonly id: string; readonly sizeBytes: number };
};

/** Images of the application as one archive, as `docker load` takes it. */
export type ImageArchive = {
  /** Which of these names have an image on this host. */
  present(names: readonly string[]): Promise<Outcome<ReadonlySet<string>>>;
  /** An error of the stream carries the failure. */
  save(names: readonly string[]): Readable;
  load(file: string): Promise<Outcome<void>>;
};

/** What it takes to start the services on another host, beside their data and their secrets. */
export type NeededFiles = {
  /** Its name may be that of the project; all `files` lie in it. Absolute, as all paths here. */
  readonly folder: string;
  readonly files: readonly string[];
  readonly left: readonly LeftFile[];
  readonly images: readonly NeededImage[];
  /** The name that containers and volumes begin with, where it is known. */
  readonly project?: string;
};

/**
 * The services of one application. Failures: tool-missing, unreachable (Docker is not running), not-found (file or
 * service), denied, command-failed, stalled, cancelled.
 */
export type Services = {
  /** For people: compose file docker-compose.prod.yml. */
  readonly address: string;
  /** Version of what drives the services; proves that it answers and that the file parses. */
  probe(): Promise<Outcome<{ readonly version: string; readonly services: readonly string[] }>>;
  /** Every service of the application, whatever its profile, stopped ones included, and those that only its containers tell of. */
  status(asked?: { readonly differing: true }): Promise<Outcome<readonly ServiceStatus[]>>;
  /** The volume in which that absolute path lies; undefined for a path in none. Left out where services have no volumes on this host. */
  volumeAt?(path: string): Promise<Outcome<VolumeAt | undefined>>;
  /** What has to be on another host for the services to start there. Left out where no files of this host say so. */
  neededFiles?(): Promise<Outcome<NeededFiles>>;
  /** Left out where services have no images on this host. */
  readonly images?: ImageArchive;
  /** The command line as it will run, for people. */
  describe(action: 'stop' | 'start', names: readonly string[]): string;
  stop(request: ServiceRequest): Promise<Outcome<void>>;
  /** What runs is not made anew for it, and it is said in a line. Starts in the background and returns at once; health is watched by the caller through `status`. */
  start(request: ServiceRequest): Promise<Outcome<void>>;
  /** Follows one service's log from now on until the signal; returns when it is aborted. */
  followLog(request: {
    readonly service: string;
    readonly onLine: (line: string) => void;
    readonly signal: AbortSignal;
  }): Promise<Outcome<void>>;
};

export type ServiceRequest = {
  /** Empty means all. */
  readonly names: readonly string[];
  /** To start: what runs of these may be made anew where it differs from what is written down. */
  readonly remake?: readonly string[];
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
};
