import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { readArchiveToc } from '../../base/archive-toc.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { DumpTools, ReadDump } from '../../ports/dump-tools.ts';
import { createClusterDumpReader } from './cluster-dump.ts';
import { judgePlainDump } from './plain-contents.ts';
import { createPlainDumpReader, type PlainDumpReader } from './plain-dump-reader.ts';

type Content = Parameters<DumpTools['readContent']>[0];

/** A table of contents has a line for each object: of a million of them it is smaller. */
const largestTocBytes = 512 * 1024 * 1024;

export function readContent(request: Content): Promise<Outcome<ReadDump>> {
  if (request.form === 'plain') return readPlain(request);
  return request.form === 'cluster' ? readCluster(request) : readPacked(request);
}

async function readPlain({ content, name }: Content): Promise<Outcome<ReadDump>> {
  const reader = createPlainDumpReader();
  for await (const chunk of content) reader.take(chunk);
  return judged(reader, name);
}

function judged(reader: PlainDumpReader, name: string): Outcome<ReadDump> {
  reader.end();
  const contents = judgePlainDump(name, reader.findings());
  if (!contents.ok) return contents;
  const { dumpedFromVersion, dumpedByVersion, extensions = [] } = contents.value;
  return succeed({
    dumpedFromVersion,
    dumpedByVersion,
    extensions: extensions.map((extension) => extension.name),
  });
}

/** Which database is wanted is known once all their names are: so each is read. */
async function readCluster({ content, name, choose }: Content): Promise<Outcome<ReadDump>> {
  const cluster = createClusterDumpReader();
  const readers: PlainDumpReader[] = [];
  for await (const chunk of content) {
    for (const { section, bytes } of cluster.take(chunk)) {
      readers[section] ??= createPlainDumpReader();
      readers[section].take(bytes);
    }
  }
  const sections = cluster.sections();
  const chosen = choose(sections);
  if (!chosen.ok) return chosen;
  const reader = readers[sections.indexOf(chosen.value)];
  if (reader === undefined) throw new Error('Broken promise: a section was found and not read');
  const read = judged(reader, `${name}, database ${chosen.value.name},`);
  if (!read.ok) return read;
  const databases = sections.map((section) => section.name);
  const isComplete = cluster.isComplete();
  return succeed({ ...read.value, cluster: { taken: chosen.value.name, databases, isComplete } });
}

/** No farther than to its table of contents. */
async function readPacked({ content, name }: Content): Promise<Outcome<ReadDump>> {
  const parser = extract();
  const source = Readable.from(content, { objectMode: false });
  let broken: unknown;
  const reading = pipeline(source, parser).catch((error: unknown) => {
    broken = error;
  });
  try {
    for await (const entry of parser) {
      if (!/(^|\/)toc\.dat$/.test(entry.header.name) || (entry.header.size ?? 0) > largestTocBytes) {
        for await (const _ of entry);
        continue;
      }
      const toc = readArchiveToc(await buffer(entry));
      if (!toc.ok) return toc;
      if (toc.value === undefined) return fail(noDump(name, 'its table of contents is cut off'));
      const { header, contents } = toc.value;
      const extensions = contents?.entries.filter(({ type }) => type === 'EXTENSION') ?? [];
      return succeed({
        dumpedFromVersion: header.serverVersion,
        dumpedByVersion: header.dumpVersion,
        archiveVersion: header.archiveVersion,
        extensions: extensions.map(({ tag }) => tag),
      });
    }
  } catch (error) {
    broken = error;
  } finally {
    parser.destroy();
    source.destroy();
    await reading;
  }
  return fail(noDump(name, broken === undefined ? 'it holds no toc.dat' : 'it is no whole tar'));
}

function noDump(name: string, because: string): Failure {
  return {
    code: 'damaged',
    message: `${name} is a tar, and no dump of pg_dump in a directory: ${because}.`,
    remedy:
      'Choose another snapshot, or correct `layout` under backups.dumps, which may name other archives.',
    retry: 'never',
  };
}
