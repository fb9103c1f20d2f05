import type { FailureCode } from '../base/failure.ts';
import type { Secret } from '../base/secret.ts';
import type { ClusterTools } from './cluster-tools.ts';
import type { DatabaseLogin, LoginOfUrl } from './database-rights.ts';
import type { DatabaseRouteConfig } from './database-route.ts';
import type { DatabaseServer } from './database-server.ts';
import type { DumpTools } from './dump-tools.ts';
import type { FileTrees } from './file-trees.ts';
import type { Host } from './host.ts';
import type { HostPrograms } from './host-programs.ts';
import type { MailTools } from './mail.ts';
import type { ObjectStore, ObjectStoreConfig, StoreNames } from './object-store.ts';
import type { Packer, PackerConfig } from './packer.ts';
import type { ProcessRunner } from './process-runner.ts';
import type { SecretFiles } from './secret-files.ts';
import type { Services, ServicesConfig } from './services.ts';
import type { KeyConfig, Unpacker } from './unpacker.ts';

/** How a program ended: by an exit status, or because of the failure that kept it from one. Waited for. */
export type ProgramObserver = (ended: {
  /** Program and arguments; no secret is ever among them. */
  readonly command: string;
  readonly durationMs: number;
  readonly exitCode?: number;
  readonly because?: FailureCode;
}) => Promise<void>;

/**
 * What can be said of the world without asking it anything: names, addresses, commands as they would run. A preview gets no more, and
 * neither does a tabletop.
 */
export type WorldNames = {
  readonly host: Pick<Host, 'facts' | 'now'>;
  readonly secretFiles: Pick<SecretFiles, 'describe'>;
  nameStore(config: ObjectStoreConfig): StoreNames;
  openStore(config: ObjectStoreConfig): Pick<ObjectStore, 'address'>;
  openDatabaseServer(
    url: Secret,
    route?: DatabaseRouteConfig,
    login?: DatabaseLogin | LoginOfUrl,
  ): Pick<DatabaseServer, 'address' | 'databaseName'>;
  openDumpTools(
    url: Secret,
    route?: DatabaseRouteConfig,
    login?: DatabaseLogin,
  ): Pick<DumpTools, 'describeRestore' | 'describeDump'>;
  openServices(config: ServicesConfig): Pick<Services, 'address' | 'describe'>;
};

/** What can be looked at and not changed: all that a preflight is given. */
export type WorldLooks = {
  readonly host: Omit<Host, 'writeTextFile' | 'placePrivateFile' | 'removeFile' | 'download'>;
  readonly hostPrograms: Omit<HostPrograms, 'install'>;
  readonly mail: Omit<MailTools, 'send'>;
  readonly trees: Pick<
    FileTrees,
    'exists' | 'isMountPoint' | 'isWithin' | 'isHalfway' | 'findFile' | 'summarise'
  >;
  readonly clusters: Omit<
    ClusterTools,
    | 'make'
    | 'unpackTar'
    | 'configure'
    | 'start'
    | 'raise'
    | 'promote'
    | 'stop'
    | 'remove'
    | 'restoreFromRepository'
  >;
  readonly secretFiles: SecretFiles;
  nameStore(config: ObjectStoreConfig): StoreNames;
  openStore(config: ObjectStoreConfig): StoreLooks;
  openDatabaseServer(
    url: Secret,
    route?: DatabaseRouteConfig,
    login?: DatabaseLogin | LoginOfUrl,
  ): ServerLooks;
  openDumpTools(
    url: Secret,
    route?: DatabaseRouteConfig,
    login?: DatabaseLogin,
  ): Omit<DumpTools, 'restore' | 'dump' | 'dumpGlobals' | 'takeDatabase'>;
  openUnpacker(config: KeyConfig): Omit<Unpacker, 'unpack'>;
  openServices(config: ServicesConfig): Omit<Services, 'stop' | 'start' | 'images'>;
  /** The same for one look at everything: within it a listing is made once, however many ask for it. Another look lists anew. */
  look(): WorldLooks;
};

/** A store that can be read. */
export type StoreLooks = Omit<ObjectStore, 'write' | 'writeStream' | 'remove' | 'removeFolder' | 'thaw'>;

/** A server that can be asked. */
export type ServerLooks = Pick<
  DatabaseServer,
  | 'address'
  | 'databaseName'
  | 'userName'
  | 'identity'
  | 'describeDatabase'
  | 'markedDatabases'
  | 'idleMarkedRoles'
  | 'foreignSessions'
  | 'preparedTransactions'
  | 'inventory'
  | 'contentMark'
  | 'judgeGivenCell'
  | 'query'
  // Held by this process until it ends: it changes no database, and keeps a second run away.
  | 'lease'
>;

/** Everything outside: what the steps may ask for. `registry/wire.ts` fills it with adapters, tests with fakes. */
export type World = {
  readonly host: Host;
  readonly processes: ProcessRunner;
  readonly hostPrograms: HostPrograms;
  readonly clusters: ClusterTools;
  readonly mail: MailTools;
  readonly trees: FileTrees;
  readonly secretFiles: SecretFiles;
  nameStore(config: ObjectStoreConfig): StoreNames;
  openStore(config: ObjectStoreConfig): ObjectStore;
  /** @param url a postgresql:// URL; a secret, since it carries a password. */
  openDatabaseServer(
    url: Secret,
    route?: DatabaseRouteConfig,
    login?: DatabaseLogin | LoginOfUrl,
  ): DatabaseServer;
  openDumpTools(url: Secret, route?: DatabaseRouteConfig, login?: DatabaseLogin): DumpTools;
  openUnpacker(config: KeyConfig): Unpacker;
  openPacker(config: PackerConfig): Packer;
  openServices(config: ServicesConfig): Services;
  look(): WorldLooks;
  /**
   * Does the work, and tells the observer of every program that runs on this host because of it. Left out where nobody wants to
   * know.
   */
  readonly within?: <T>(observer: ProgramObserver, work: () => Promise<T>) => Promise<T>;
  /**
   * The same for somebody who has time: a store that does not answer is asked again for a while, and each time that is told. Left out where
   * nobody waits.
   */
  readonly patient?: (wait: {
    readonly patienceMs: number;
    readonly signal: AbortSignal;
    readonly tell: (line: string) => void;
  }) => World;
  /** Closes every connection opened so far. */
  close(): Promise<void>;
};

/** The doors of the world, by the names under which a kind of step declares that it uses them. */
type Doors = {
  host: 'host';
  processes: 'processes';
  clusters: 'clusters';
  mail: 'mail';
  trees: 'trees';
  secretFiles: 'secretFiles';
  stores: 'nameStore' | 'openStore';
  databases: 'openDatabaseServer';
  dumpTools: 'openDumpTools';
  keys: 'openUnpacker';
  services: 'openServices';
};

export type Port = keyof Doors;

/** As much of a world, or of one of its faces, as those ports are. */
export type Through<P extends Port, Face> = Pick<Face, Extract<Doors[P], keyof Face>>;
