import type { Outcome } from '../base/failure.ts';
import type { Guarded } from '../base/permit.ts';
import type { Secret } from '../base/secret.ts';
import type { Catalogue } from './catalogue.ts';
import type {
  CellRequest,
  DatabaseLogin,
  DatabaseSettingsReport,
  DatabaseSettingsRequest,
  PutBackRequest,
  RightsReport,
} from './database-rights.ts';
import type { DatabaseLocale } from './dump-tools.ts';
import type { LoginRights, TablesRead } from './login-rights.ts';

export type ServerIdentity = {
  /** From pg_control_system(): the same for a cluster whatever name or address leads to it. */
  readonly systemIdentifier: string;
  /** For example 15.18. */
  readonly version: string;
  /** For example 150018. */
  readonly versionNumber: number;
  readonly user: string;
  readonly mayCreateDatabases: boolean;
  readonly mayCreateRoles: boolean;
  readonly isSuperuser: boolean;
  /** CONNECTION LIMIT of the role; left out where there is none. */
  readonly connectionLimit?: number;
  /** Only where the user may read it. */
  readonly dataDirectory?: string;
};

export type DatabaseDescription = {
  readonly name: string;
  /** Goes with a database when it is renamed; another database of the same name has another one. */
  readonly oid: number;
  /** Whether our role may do with it what its owner may: rename it, drop it, close it. */
  readonly isOurs: boolean;
  readonly sizeBytes: number;
  readonly owner: string;
  readonly encoding: string;
  readonly collation: string;
  readonly characterType: string;
  readonly allowsConnections: boolean;
  /** ALTER DATABASE … SET lines, as `name=value`. */
  readonly settings: readonly string[];
  /** The comment on the database; ours say which run made it. */
  readonly comment?: string;
};

/** A client connected to a database who is not us. */
export type ForeignSession = {
  readonly pid: number;
  readonly user: string;
  readonly application: string;
  /** Empty for a local socket. */
  readonly address: string;
  readonly state: string;
  readonly lastQueryStartMs?: number;
  /** Why our role may not end it; left out where it may. */
  readonly protectedBy?: 'superuser' | 'other-role';
};

/** Half of a commit in two phases: it outlives its client and the server, and nobody can be sent away for it. */
export type PreparedTransaction = {
  readonly gid: string;
  readonly owner: string;
  readonly preparedAtMs: number;
};

/** A database by what it is: where its object id is given, no other of that name. */
export type KnownDatabase = { readonly name: string; readonly oid?: number | undefined };

/** A database that a run made, by the mark it left there as a comment. */
export type MarkedDatabase = { readonly name: string; readonly oid: number; readonly comment: string };

/** A role that a run made, without a database of that run and without a session. */
export type MarkedRole = Omit<MarkedDatabase, 'oid'>;

/** What tells that a database is still as it was looked at, without reading a row of it. */
export type ContentMark = {
  /** Rows inserted, updated or deleted, as the server counts; a crash makes it begin anew. */
  readonly changes: number;
  /** Of every relation with its storage, every function and every trigger that is not the system's. */
  readonly catalogue: string;
};

export type Rename = {
  readonly from: string;
  readonly to: string;
  /** Where it is given, no other database than this one is renamed. */
  readonly oid?: number | undefined;
  /** Replaces the one by which a run knows what it made; empty for none. */
  readonly comment?: string;
};

export type TableCount = {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** The newest row, where one of the columns asked for is there; null in an empty table. */
  readonly newest?: { readonly column: string; readonly at: string | null } | undefined;
};
type SequenceValue = {
  readonly schema: string;
  readonly name: string;
  readonly lastValue: string | null;
};
type Extension = { readonly name: string; readonly version: string };

/** Exact counts, all taken in one REPEATABLE READ snapshot, over every schema that is not the system's. */
export type Inventory = {
  readonly tables: readonly TableCount[];
  readonly sequences: readonly SequenceValue[];
  readonly extensions: readonly Extension[];
};

export type NewDatabase = {
  readonly name: string;
  /** Always made from template0. */
  readonly locale?: DatabaseLocale;
  /** Left out: the default one of the server. */
  readonly tablespace?: string;
  readonly comment: string;
};

export type CellExtension = { readonly name: string; readonly schema: string };

export type QueryRequest = {
  readonly database: string;
  readonly sql: string;
  readonly values?: readonly unknown[];
  /** 30 s when left out. */
  readonly limitMs?: number;
  /**
   * What the database holds came out of a dump: never with a superuser's rights then, who makes a role for it that may read, and
   * drops it again.
   */
  readonly ofDump?: boolean;
  /**
   * Names of columns that may not come out, whatever the query calls them: invalid-input then. What is no column of a table as it
   * stands (an expression, a column of a view, a whole row) cannot be judged, and is refused as well.
   */
  readonly never?: readonly string[];
};

export type InventoryOptions = {
  /** Columns that say when a row was written, the first that a table has counts. None when left out. */
  readonly newestColumns?: readonly string[];
  /** By the owner of the tables, who counts past policies that a table forces on him too. */
  readonly asOwner?: boolean;
  /** Where functions of the tables' indexes look, behind the system's own schema; left out: where this user looks in this database. */
  readonly searchPath?: readonly string[] | undefined;
};

/** Generated columns, checks, indexes and materialised views whose functions find nothing with the empty search path of a restore. */
export type SearchPathNeeds = {
  readonly lost: readonly { readonly what: string; readonly why: string }[];
  /** Code of other roles is not run by a backup; and what took too long, or failed otherwise. */
  readonly untried: readonly string[];
};

/** One moment of a database that several connections can look at: pg_dump and our own counting. */
export type ExportedSnapshot = {
  /** For `pg_dump --snapshot`. */
  readonly id: string;
  /** By the server's clock. */
  readonly takenAtMs: number;
  /** Exact as of that moment, except for the sequences: they belong to no snapshot in PostgreSQL. */
  inventory(options?: InventoryOptions): Promise<Outcome<Inventory>>;
  /** What a restore of a dump of this moment would not be able to compute: tried here, read-only, on a few rows of each. */
  searchPathNeeds(): Promise<Outcome<SearchPathNeeds>>;
  /** What the server writes from its caches (expressions) is of now: as with pg_dump. After a failure the moment can still be looked at. */
  catalogue(): Promise<Outcome<Catalogue>>;
  /** After this nobody can begin to look at it any more. */
  close(): Promise<void>;
};

/** Released when the run ends; PostgreSQL releases it by itself when our connection dies. */
export type Lease = {
  release(): Promise<void>;
  /** Asks the server: a connection that died in the meantime has given it back already. */
  isHeld(): Promise<boolean>;
};

/**
 * One PostgreSQL server, reached with the credentials of one database URL. Statements about databases go through the
 * maintenance database, since a database can be neither dropped nor renamed over its own connection. Every
 * connection carries application_name `thaw`. Failures: unreachable, denied, not-found, conflict, out-of-space,
 * invalid-input, command-failed.
 */
export type DatabaseDriver = {
  /** host:port, without user or password. */
  readonly address: string;
  /** The database the URL names. */
  readonly databaseName: string;
  /** Whom the URL logs in as. */
  readonly userName: string;
  identity(): Promise<Outcome<ServerIdentity>>;
  /** undefined when there is no such database. */
  describeDatabase(name: string): Promise<Outcome<DatabaseDescription | undefined>>;
  /** Those that carry the mark of a run, whichever. */
  markedDatabases(): Promise<Outcome<readonly MarkedDatabase[]>>;
  idleMarkedRoles(): Promise<Outcome<readonly MarkedRole[]>>;
  /** Client backends on that database which are not `thaw` ones of this process. */
  foreignSessions(database: string): Promise<Outcome<readonly ForeignSession[]>>;
  /** Open on that database, whoever prepared them. */
  preparedTransactions(database: string): Promise<Outcome<readonly PreparedTransaction[]>>;
  /**
   * Disconnects clients of that database, our own ones too; returns how many. Whoever is left after 10 s is named: `denied` where
   * our role may not end them, `conflict` where they only stay.
   */
  terminateSessions(database: string): Promise<Outcome<number>>;
  createDatabase(request: NewDatabase): Promise<Outcome<void>>;
  /** Statements about one role, all or nothing; they may hold the hash of its password. */
  createRole(request: {
    readonly name: string;
    readonly statements: readonly Secret[];
  }): Promise<Outcome<void>>;
  /**
   * Makes the role of a restore, or lets an earlier one of ours in again; needs a superuser, or CREATEROLE and CREATEDB. The
   * extensions that only an administrator may make are made first, and those that reach out of the database are fenced until
   * `dropCell` with a new owner.
   */
  makeCell(
    request: CellRequest & { readonly extensions?: readonly CellExtension[] },
  ): Promise<Outcome<DatabaseLogin>>;
  /** What is wrong with a role that an administrator made for restores, each in words; nothing where it is as it should be. */
  judgeGivenCell(request: Omit<CellRequest, 'comment'>): Promise<Outcome<readonly string[]>>;
  /** Nobody can log in as it any more; its sessions and its prepared transactions are ended. Fine where it is not there. */
  closeCell(request: CellRequest): Promise<Outcome<void>>;
  /**
   * Owners, grants and default privileges as the dump has them, as far as that gives nobody more than an owner may; then the role owns
   * nothing any more, and fences are lifted. All or nothing. undefined where the role owns nothing, or is not there: an earlier call was
   * the one.
   */
  putBackRights(request: PutBackRequest): Promise<Outcome<RightsReport | undefined>>;
  /** Drops the role; what it owned is given away already, or its database is gone. Fine where it is not there. */
  dropCell(request: CellRequest): Promise<Outcome<void>>;
  /** DROP DATABASE … WITH (FORCE). Dropping what is not there succeeds; another one of that name is a `conflict`. */
  dropDatabase(database: KnownDatabase): Promise<Outcome<void>>;
  /** In this order and in one transaction: all of them or none. Waits for a lock for 15 s at most. */
  renameDatabases(renames: readonly Rename[]): Promise<Outcome<void>>;
  setConnectionsAllowed(request: {
    readonly database: string;
    readonly allowed: boolean;
  }): Promise<Outcome<void>>;
  /** Owner, ALTER DATABASE settings and privileges of one database given to another. */
  carryOverSettings(request: { readonly from: string; readonly to: string }): Promise<Outcome<void>>;
  /** The same, as a dump says; each statement is read by a grammar and written anew. */
  putDatabaseSettings(request: DatabaseSettingsRequest): Promise<Outcome<DatabaseSettingsReport>>;
  /** Which the role of a restore may use, without those of the system. */
  tablespaces(): Promise<Outcome<readonly string[]>>;
  analyze(database: string): Promise<Outcome<void>>;
  inventory(database: string, options?: InventoryOptions): Promise<Outcome<Inventory>>;
  /** Reads the system's catalogues alone: no code of the database runs. */
  catalogue(database: string): Promise<Outcome<Catalogue>>;
  /**
   * What these roles may do there, by the catalogue alone; roles that the server lacks are left out. Left out: all who may log in and own a
   * table there, or were granted something on one, but for superusers.
   */
  loginRights(request: {
    readonly database: string;
    readonly roles?: readonly string[] | undefined;
  }): Promise<Outcome<readonly LoginRights[]>>;
  /**
   * Reads a row of each table and view that the user of the URL may read, as that user: code of the database runs with its rights. Read-only,
   * within a minute. `denied` where it may not log in.
   */
  readTables(database: string): Promise<Outcome<TablesRead>>;
  /** Reads the system's catalogues alone, too. */
  contentMark(database: string): Promise<Outcome<ContentMark>>;
  /** Holds a REPEATABLE READ transaction open until it is closed. */
  exportSnapshot(database: string): Promise<Outcome<ExportedSnapshot>>;
  /** Read-only transaction; rows come back with every value as text or null. */
  query(request: QueryRequest): Promise<Outcome<readonly Readonly<Record<string, string | null>>[]>>;
  /** `conflict` when another run holds it; the failure names that run's session. */
  lease(name: string): Promise<Outcome<Lease>>;
  close(): Promise<void>;
};

/** A server as everybody but its driver has it: what takes a database away, or away from its name, needs leave. */
export type DatabaseServer = Guarded<DatabaseDriver, 'dropDatabase' | 'renameDatabases'>;
