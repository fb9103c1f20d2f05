import { createReadStream } from 'node:fs';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import type { ArchiveContents } from '../../ports/dump-tools.ts';
import { createPlainDumpReader, type PlainFindings } from './plain-dump-reader.ts';
import { hostileDump } from './restrict-psql.ts';

const chunkBytes = 1024 * 1024;

/** Reads the whole file: a plain dump has no table of contents, and only its last line says that it is whole. */
export async function readPlainContents(file: string): Promise<Outcome<ArchiveContents>> {
  const reader = createPlainDumpReader();
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes }))
      reader.take(chunk as Buffer);
    reader.end();
  } catch (error) {
    return fail(describeFileFailure({ doing: `read ${file}`, error }));
  }
  return judgePlainDump(file, reader.findings());
}

export function judgePlainDump(file: string, findings: PlainFindings): Outcome<ArchiveContents> {
  const {
    entries,
    itself,
    extensions,
    rights,
    dumpedFromVersion,
    dumpedByVersion,
    encoding,
    isComplete,
    refused,
  } = findings;
  if (refused?.isHostile === true)
    return fail(hostileDump(file, `line ${refused.line} holds ${refused.because}`));
  if (refused !== undefined) {
    return fail({
      code: 'invalid-input',
      message: `${file} is not only the content of one database: line ${refused.line} holds ${refused.because}.`,
      remedy:
        'Choose a dump of one database; where somebody may have changed the dump, choose another snapshot.',
      retry: 'never',
    });
  }
  if (!isComplete) {
    return fail({
      code: 'damaged',
      message: `${file} does not end as pg_dump ends a plain dump: it was cut off.`,
      remedy: 'Choose another snapshot.',
      retry: 'never',
    });
  }
  return succeed({
    format: 'plain',
    entries,
    ...itself,
    extensions,
    rights,
    dumpedFromVersion,
    dumpedByVersion,
    // What its text is written in need not be what the database was made with, whose locale it does not say: UTF8 holds everything.
    locale: { ...(encoding === 'UTF8' ? { encoding } : {}), ...itself.locale },
  });
}
