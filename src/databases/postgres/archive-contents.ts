import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ArchiveContents, ArchiveEntry, DumpFormat } from '../../ports/dump-tools.ts';
import type { RestoreTool } from './find-restore-tool.ts';
import {
  readCreateDatabase,
  readCreateExtension,
  readListHeader,
  readListLine,
  readListOwner,
} from './pg-restore-list.ts';
import type { ProgramPlace } from './program-place.ts';

type Request = {
  readonly file: string;
  readonly format: DumpFormat;
  readonly place: ProgramPlace;
  readonly tool: RestoreTool;
};

/** The table of contents stands at the front of an archive: reading it takes a moment however big the dump is. */
const readingStallMs = 60_000;

export async function readArchiveContents(request: Request): Promise<Outcome<ArchiveContents>> {
  const entries: ArchiveEntry[] = [];
  const owners = new Set<string>();
  const header = new Map<string, string>();
  const listed = await request.place.run({
    program: request.tool.path,
    args: ['--list'],
    ...tocOf(request),
    env: { LC_ALL: 'C' },
    stallMs: readingStallMs,
    onLine: (line, stream) => {
      if (stream !== 'stdout') return;
      const entry = readListLine(line);
      if (entry !== undefined) {
        entries.push(entry);
        const owner = readListOwner(line);
        if (owner !== undefined) owners.add(owner);
      }
      const about = entry === undefined ? readListHeader(line) : undefined;
      if (about !== undefined) header.set(about.name, about.value);
    },
  });
  if (!listed.ok) return listed;
  if (listed.value.exitCode !== 0) return fail(unreadable(request, listed.value.stderr));
  const extensions = entries.filter(({ type }) => type === 'EXTENSION').length;
  const options = await readDatabaseOptions(request, extensions);
  if (!options.ok) return options;
  return succeed({
    format: request.format,
    entries,
    owners: [...owners],
    grants: entries.filter(({ type }) => type === 'ACL' || type === 'DEFAULT ACL').length,
    dumpedFromVersion: header.get('Dumped from database version') ?? '',
    dumpedByVersion: header.get('Dumped by pg_dump version') ?? '',
    ...options.value,
  });
}

/** Of a directory the table of contents is a file of its own. */
function tocOf({ file, format }: Request) {
  return { file, ...(format === 'directory' ? { only: ['toc.dat'] } : {}) };
}

/** The listing hides the entry of the database itself, and where an extension goes; only the SQL shows both. */
async function readDatabaseOptions(
  request: Request,
  extensionCount: number,
): Promise<Outcome<Pick<ArchiveContents, 'encoding' | 'collation' | 'characterType' | 'extensions'>>> {
  const enough = new AbortController();
  let options: ReturnType<typeof readCreateDatabase>;
  const extensions: NonNullable<ArchiveContents['extensions']>[number][] = [];
  let clientEncoding: string | undefined;
  let isPast = false;
  const printed = await request.place.run({
    program: request.tool.path,
    args: ['--create', '--schema-only', '--file=-'],
    ...tocOf(request),
    env: { LC_ALL: 'C' },
    stallMs: readingStallMs,
    signal: enough.signal,
    onLine: (line, stream) => {
      if (stream !== 'stdout' || enough.signal.aborted) return;
      clientEncoding ??= /^SET client_encoding = '([^']+)';/.exec(line)?.[1];
      options ??= readCreateDatabase(line);
      const extension = readCreateExtension(line);
      if (extension !== undefined) extensions.push(extension);
      // After \connect comes the whole schema, which can be long and is of no other interest here.
      const isConnected = options !== undefined || line.startsWith('\\connect ');
      isPast ||= isConnected;
      if (isPast && extensions.length >= extensionCount) enough.abort();
    },
  });
  if (!printed.ok && printed.failure.code !== 'cancelled') return printed;
  if (options !== undefined) return succeed({ ...options, extensions });
  return succeed({ ...(clientEncoding === undefined ? {} : { encoding: clientEncoding }), extensions });
}

/** pg_restore exits 1 whatever is wrong, so its words (in LC_ALL=C) have to tell the cases apart. */
function unreadable(request: Request, words: string): Failure {
  const { file, tool } = request;
  const detail = words.trim();
  if (/unsupported version/.test(words)) {
    const archiveVersion = /\(([\d.]+)\)/.exec(words)?.[1] ?? 'unknown';
    return {
      code: 'tool-too-old',
      message: `pg_restore ${tool.version.text} cannot read ${file}: its archive version ${archiveVersion} is newer.`,
      remedy: 'Install the postgresql-client of the version of pg_dump that wrote it, or a newer one.',
      retry: 'after-fix',
      detail,
    };
  }
  if (/text format dump/.test(words)) {
    return {
      code: 'invalid-input',
      message: `${file} is a plain SQL dump, not an archive pg_restore can read.`,
      remedy: 'Name the format of the dump in the runbook as plain, or choose another snapshot.',
      retry: 'after-fix',
      detail,
    };
  }
  if (/Permission denied/.test(words)) {
    return {
      code: 'denied',
      message: `${file} may not be read by this user.`,
      remedy: 'Give the user who runs thaw the right to read it.',
      retry: 'after-fix',
      detail,
    };
  }
  return {
    code: 'damaged',
    message: `${file} is not a whole pg_dump archive.`,
    remedy: 'Choose another snapshot.',
    retry: 'never',
    detail,
  };
}
