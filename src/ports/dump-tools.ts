import type { Readable } from 'node:stream';
import type { Failure, Outcome } from '../base/failure.ts';
import type { DumpedDatabase, DumpRights } from './database-rights.ts';

export type ToolVersion = { readonly major: number; readonly text: string };

/** Of pg_dump: the first three are for pg_restore, plain SQL is for psql. A directory stands as a folder. */
export type DumpFormat = 'custom' | 'tar' | 'directory' | 'plain';

/** One line of an archive's table of contents; of a plain dump, the comment above a statement. */
export type ArchiveEntry = {
  readonly id: number;
  /** TABLE, TABLE DATA, SEQUENCE, EXTENSION, INDEX … */
  readonly type: string;
  readonly schema?: string;
  readonly name: string;
};

export type ArchiveContents = {
  /** custom when left out. */
  readonly format?: DumpFormat;
  readonly entries: readonly ArchiveEntry[];
  readonly dumpedFromVersion: string;
  readonly dumpedByVersion: string;
  /** As the archive says. */
  readonly locale?: DatabaseLocale;
  /** Left out by a plain dump. */
  readonly database?: DumpedDatabase;
  /** Where the database was, where that was not the default one. */
  readonly tablespace?: string;
  /** Where objects were that were not where their database was, and how many. */
  readonly tablespaces?: readonly DumpedTablespace[];
  /** Where each extension belongs, as CREATE EXTENSION in the dump says. */
  readonly extensions?: readonly { readonly name: string; readonly schema: string }[];
  /** Left out where the table of contents is of a newer kind than we know how to read. */
  readonly rights?: DumpRights;
};

/** What CREATE DATABASE is told; of what is left out the server's default is taken. */
export type DatabaseLocale = {
  readonly encoding?: string;
  readonly collation?: string;
  readonly characterType?: string;
  /** From PostgreSQL 15 on; `builtin` from 17 on. */
  readonly provider?: 'libc' | 'icu' | 'builtin';
  /** Of icu and builtin. */
  readonly locale?: string;
  readonly icuRules?: string;
};

export type DumpedTablespace = { readonly name: string; readonly objects: number };

/** How a line of pg_restore is to be taken. */
export type RestoreMessage = {
  readonly weight: 'harmless' | 'needs-decision' | 'fatal';
  readonly text: string;
  /** The statement that failed, where pg_restore shows it. */
  readonly command?: string;
  /** Why it is harmless or needs a decision; left out for what is fatal. */
  readonly reason?: string;
  /** A function found nothing, since pg_dump leaves it no search path. */
  readonly lacksSearchPath?: true;
};

export type RestoreReport = {
  readonly messages: readonly RestoreMessage[];
  readonly exitCode: number;
  readonly entriesDone: number;
};

export type RestoreRequest = {
  /** A regular file: parallel jobs need to seek in it. A folder for the format `directory`. */
  readonly file: string;
  readonly database: string;
  /** Formats that cannot be restored in parallel take one. */
  readonly jobs: number;
  /** Everything goes where its database is, whatever the dump says. */
  readonly inOnePlace?: boolean;
  /**
   * Where functions look that say no search path of their own; left out: nowhere, as pg_dump has it. With it statistics are made, too, since
   * that calls functions.
   */
  readonly searchPath?: readonly string[] | undefined;
  readonly onLine: (line: string) => void;
  /** Archive entries processed so far. */
  readonly onEntry: (done: number) => void;
  /** No line for that long, and no byte read, ends it as `stalled`. There is no wall-clock limit. */
  readonly stallMs: number;
  /** Called again and again while it goes on; a failure ends it. The size is left out where it could not be read. */
  readonly watch?: (now: { readonly sizeBytes: number | undefined }) => Promise<Failure | undefined>;
  readonly signal?: AbortSignal;
};

export type DumpRequest = {
  readonly database: string;
  /** Major version of the server: an older pg_dump refuses it, a newer one makes archives its own pg_restore alone reads. */
  readonly serverMajor: number;
  /** Of `DatabaseServer.exportSnapshot`; the exporting connection must stay open until the dump has ended. */
  readonly snapshot: string;
  /** False where the archive is compressed as a whole later. */
  readonly compress: boolean;
  readonly stallMs: number;
  readonly signal?: AbortSignal;
};

/** One database of a dump of a whole server (pg_dumpall). */
export type DumpedSection = {
  readonly name: string;
  /** The last line that pg_dump wrote of it was seen. */
  readonly isComplete: boolean;
};

/** What was found in a dump of a whole server, and which of its databases was taken. */
export type TakenDatabase = {
  readonly taken: string;
  readonly databases: readonly string[];
  /** Of all of it: what stands behind the one that was taken may be cut off. */
  readonly isComplete: boolean;
};

/** @returns the one to take, or why none of them. */
export type ChooseDatabase = <Section extends DumpedSection>(
  sections: readonly Section[],
) => Outcome<Section>;

/** What a dump that was read as it streamed by holds. */
export type ReadDump = Pick<ArchiveContents, 'dumpedFromVersion' | 'dumpedByVersion'> & {
  readonly extensions: readonly string[];
  readonly archiveVersion?: string;
  readonly cluster?: TakenDatabase;
};

/** pg_dump and pg_restore; the pg_restore is that of the highest version found on this host. Passwords never travel in its arguments. */
export type DumpTools = {
  /** Of pg_restore, or of psql for the format `plain`. `tool-missing` when there is none. */
  restoreToolVersion(format?: DumpFormat): Promise<Outcome<ToolVersion>>;
  /** Of the file system that a folder of the server lies in. Left out where its programs run on this host, which sees by itself. */
  freeBytes?(folder: string): Promise<Outcome<number>>;
  contents(file: string): Promise<Outcome<ArchiveContents>>;
  /**
   * Reads what a first look could not tell, from content that nobody has on this host yet: a plain dump, or one of a whole server, to its last
   * line; a packed directory up to its table of contents.
   *
   * @param request.name of the dump, for people.
   */
  readContent(request: {
    readonly content: AsyncIterable<Buffer>;
    readonly form: 'plain' | 'cluster' | 'directory';
    readonly name: string;
    readonly choose: ChooseDatabase;
  }): Promise<Outcome<ReadDump>>;
  /** Takes one database out of a dump of a whole server: a plain dump in a file of its own, and in another what stands before all of them. */
  takeDatabase(request: {
    readonly file: string;
    readonly toFile: string;
    /** Roles and tablespaces, as pg_dumpall writes them: hashes of passwords are among them. */
    readonly rolesFile: string;
    readonly choose: ChooseDatabase;
  }): Promise<
    Outcome<{ readonly cluster: TakenDatabase; readonly sizeBytes: number; readonly sha256: string }>
  >;
  /** The command line as it will run, for people; holds no secret. */
  describeRestore(
    request: Pick<RestoreRequest, 'file' | 'database' | 'jobs' | 'inOnePlace'> & {
      readonly format?: DumpFormat | undefined;
    },
  ): string;
  /**
   * Succeeds with the classified messages whatever the exit status says; fails only when pg_restore could not run,
   * was killed, stalled or was cancelled. Death by signal is always a failure.
   */
  restore(request: RestoreRequest): Promise<Outcome<RestoreReport>>;
  /** The pg_dump for that server: of its own major version, or the next newer one. */
  dumpToolVersion(serverMajor: number): Promise<Outcome<ToolVersion>>;
  describeDump(request: Pick<DumpRequest, 'database' | 'snapshot' | 'compress'>): string;
  /**
   * An archive in custom format, as it is made. The stream ends cleanly only after pg_dump ended with 0; otherwise it emits an
   * error that carries the failure (`failureOfBodyError`).
   */
  dump(request: DumpRequest): Promise<Outcome<Readable>>;
  /** Roles and tablespaces as SQL (pg_dumpall --globals-only). Password hashes only where the user may read them. */
  dumpGlobals(request: {
    readonly serverMajor: number;
    readonly withPasswords: boolean;
    readonly signal?: AbortSignal;
  }): Promise<Outcome<Buffer>>;
};
