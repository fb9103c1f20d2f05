import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchiveToc, findToc, readArchiveToc, type TocEntry } from '../../base/archive-toc.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import type { ArchiveContents, ArchiveEntry, DumpFormat } from '../../ports/dump-tools.ts';
import { databaseOfEntries } from './database-of-entries.ts';
import type { RestoreTool } from './find-restore-tool.ts';
import { readListHeader, readListLine } from './pg-restore-list.ts';
import type { ProgramPlace } from './program-place.ts';
import { rightsOfEntries } from './rights-of-entries.ts';

type Request = {
  readonly file: string;
  readonly format: DumpFormat;
  readonly place: ProgramPlace;
  readonly tool: RestoreTool;
};

/** The table of contents stands at the front of an archive: reading it takes a moment however big the dump is. */
const readingStallMs = 60_000;
/** Looked at step by step: of a database of a hundred thousand tables it has some two hundred megabytes. */
const tocLooksBytes = [1, 16, 256].map((mebibytes) => mebibytes * 2 ** 20);

/**
 * pg_restore says that it can read the archive, and which of its entries it would restore. What they are is read from the archive itself:
 * pg_restore prints it in columns, which a name with a space or a line break breaks.
 */
export async function readArchiveContents(request: Request): Promise<Outcome<ArchiveContents>> {
  const listed = new Map<number, ArchiveEntry>();
  const header = new Map<string, string>();
  const printed = await request.place.run({
    program: request.tool.path,
    args: ['--list'],
    ...tocOf(request),
    env: { LC_ALL: 'C' },
    stallMs: readingStallMs,
    onLine: (line, stream) => {
      if (stream !== 'stdout') return;
      const entry = readListLine(line);
      if (entry !== undefined) listed.set(entry.id, entry);
      const about = entry === undefined ? readListHeader(line) : undefined;
      if (about !== undefined) header.set(about.name, about.value);
    },
  });
  if (!printed.ok) return printed;
  if (printed.value.exitCode !== 0) return fail(unreadable(request, printed.value.stderr));
  const toc = await readToc(request);
  if (!toc.ok) return toc;
  const contents = toc.value?.contents;
  const known = new Map(contents?.entries.map((entry) => [entry.id, entry]));
  return succeed({
    format: request.format,
    entries: [...listed.values()].map((entry) => asListed(known.get(entry.id)) ?? entry),
    dumpedFromVersion: header.get('Dumped from database version') ?? '',
    dumpedByVersion: header.get('Dumped by pg_dump version') ?? '',
    ...databaseOfEntries(contents?.entries ?? []),
    ...(contents === undefined ? {} : { rights: rightsOfEntries(contents.entries) }),
  });
}

function asListed(entry: TocEntry | undefined): ArchiveEntry | undefined {
  if (entry === undefined) return undefined;
  const { id, type, tag, schema } = entry;
  return { id, type, ...(schema === '' ? {} : { schema }), name: tag };
}

/** Of a directory the table of contents is a file of its own. */
function tocOf({ file, format }: Request) {
  return { file, ...(format === 'directory' ? { only: ['toc.dat'] } : {}) };
}

/** @returns undefined where it is larger than anything of its kind: then the listing has to do. */
async function readToc({ file, format }: Request): Promise<Outcome<ArchiveToc | undefined>> {
  const path = format === 'directory' ? join(file, 'toc.dat') : file;
  try {
    const handle = await open(path);
    try {
      const { size } = await handle.stat();
      for (const wantBytes of tocLooksBytes) {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(wantBytes, size)), 0, null, 0);
        const bytes = buffer.subarray(0, bytesRead);
        const content = format === 'tar' ? findToc(bytes)?.content : bytes;
        const toc = content === undefined ? succeed(undefined) : readArchiveToc(content);
        if (!toc.ok) return toc;
        if (toc.value !== undefined) return succeed(toc.value);
        if (wantBytes >= size) break;
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    return fail(describeFileFailure({ doing: `read ${path}`, error }));
  }
  return succeed(undefined);
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
