import { qualifiedName, shorten } from '../../backups/compare-inventories.ts';
import { type DumpHead, dumpHeadBytes, readDumpHead } from '../../backups/dump-head.ts';
import { scopeOfEntries } from '../../backups/dump-scope.ts';
import type { Manifest } from '../../backups/manifest.ts';
import { isEncrypted } from '../../backups/wrapping.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { archiveFileFact, dumpFileFact, keyAtHandFact, openedDumpFact } from '../../kinds/dump-facts.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import { manifestFact, snapshotFact } from '../../kinds/facts.ts';
import type { CheckContext, StepContext } from '../../kinds/kind.ts';
import { implementKind } from '../../kinds/kind.ts';
import { removeWorkFile } from '../../operations/bring-object.ts';
import { chooseDatabase } from '../../operations/choose-database.ts';
import { findSnapshots, pickSnapshot } from '../../operations/find-snapshots.ts';
import { checkToolReads } from '../../operations/open-snapshot.ts';
import { blocker, targetTools } from '../../operations/open-targets.ts';
import { refuseScope } from '../../operations/refuse-scope.ts';
import { whyNotAsWritten } from '../../operations/work-file.ts';
import type { ArchiveEntry, TakenDatabase } from '../../ports/dump-tools.ts';
import { decryptKind } from './kind.ts';

export const decryptDump = implementKind(decryptKind, {
  async preview(_step, context) {
    const layers = readFact(snapshotFact, context)?.layers;
    const how =
      layers === undefined
        ? 'Takes off what the chosen dump is wrapped in.'
        : layers.length === 0
          ? 'It is neither encrypted nor compressed.'
          : `Takes off ${layers.join(', then ')}.`;
    return {
      sentences: [how, 'The result counts only after its authenticated end; until then it has another name.'],
      commands: [],
    };
  },

  async check(_step, context) {
    if (await isCandidateOpen(context)) {
      await context.record(keyAtHandFact, null);
      return [passed('the snapshot is not encrypted; it needs no key')];
    }
    const { ageIdentityFile, privateKeyFile, gnupgHome, passphrase } = context.targets.backups.key;
    if (passphrase !== undefined && !(ageIdentityFile || privateKeyFile || gnupgHome)) {
      await context.record(keyAtHandFact, { kind: 'passphrase' });
      return [passed('a passphrase is at hand; the step that chooses the snapshot tries it')];
    }
    const key = await context.world.openUnpacker(context.targets.backups.key).describeKey();
    if (!key.ok) return [blocker(key.failure)];
    await context.record(keyAtHandFact, { kind: 'key', ...key.value });
    return [passed(`key at hand: ${key.value.text}`)];
  },

  async run(_step, context) {
    const dump = needFact(dumpFileFact, context);
    // What it made once is made again: something was wrong with it, and perhaps with what it is made of.
    const wasTried = readFact(archiveFileFact, context) !== undefined;
    const reason = await whyNotAsWritten(context, {
      what: `the fetched dump ${dump.path}`,
      file: dump,
      wasTried,
    });
    if (!reason.ok) return reason;
    if (reason.value !== undefined)
      return succeed({ kind: 'lacks', fact: dumpFileFact, reason: reason.value });
    const { layers } = needFact(snapshotFact, context);
    const toFile = context.workFile('archive.dump');
    const unpacked = await context.world.openUnpacker(context.targets.backups.key).unpack({
      fromFile: dump.path,
      toFile,
      layers,
      signal: context.signal,
      onProgress: (done) =>
        context.progress({ label: 'decrypted', done, total: dump.sizeBytes, unit: 'bytes' }),
    });
    if (!unpacked.ok) return unpacked;
    const { sizeBytes, sha256, engine } = unpacked.value;
    context.output(`unpacked with ${engine}: ${formatBytes(sizeBytes)}, sha256 ${sha256}`);
    const head = await context.world.host.readHead(toFile, dumpHeadBytes);
    if (!head.ok) return head;
    const read = readDumpHead(head.value);
    if (!read.ok) return read;
    const { format } = read.value;
    const isCluster = read.value.format === 'plain' && read.value.isCluster === true;
    const path = format === 'directory' ? await unpackDirectory(context, toFile) : succeed(toFile);
    if (!path.ok) return path;
    const archive = { path: path.value, sizeBytes, sha256, how: engine, format };
    const taken = isCluster ? await takeOne(context, toFile) : succeed(undefined);
    if (!taken.ok) return taken;
    await context.record(archiveFileFact, { ...archive, ...taken.value });
    return succeed({ kind: 'done' });
  },

  async verify(_step, context) {
    const archive = needFact(archiveFileFact, context);
    const snapshot = needFact(snapshotFact, context);
    const head = await readHead(archive, context);
    if (!head.ok) return head;
    const readable = await checkToolReads(context, { head: head.value, name: snapshot.id });
    if (!readable.ok) return readable;
    // Of a packed directory the first look cannot know the versions; here it is unpacked.
    await context.record(openedDumpFact, readable.value);
    const contents = await targetTools(context).contents(archive.path);
    if (!contents.ok) return contents;
    const { entries } = contents.value;
    const tables = entries.filter((entry) => entry.type === 'TABLE DATA').length;
    return succeed([
      passed(
        isEncrypted(snapshot.layers)
          ? `decrypted and authenticated to its end, with ${archive.how}`
          : `unpacked to its end (${snapshot.layers.join(', ') || 'no wrapping'}); it was not encrypted`,
      ),
      passed(`${formatCount(entries.length)} entries in the dump, data of ${tables} tables`),
      ...judgeTaken(archive.cluster),
      ...judgeScope(context, entries),
      ...expectTables(context, entries),
      ...archiveDigest(readFact(manifestFact, context), archive.sha256),
    ]);
  },
});

/** Shows damage that happened before the dump was encrypted: no later layer can know of it. */
function archiveDigest(manifest: Manifest | undefined, sha256: string): readonly Check[] {
  const expected = manifest?.dump.unpackedSha256;
  if (expected === undefined) return [];
  return [
    expected === sha256
      ? passed('SHA-256 of the archive inside equals the manifest')
      : failed('SHA-256 of the archive inside differs from the manifest', 'Choose another snapshot.'),
  ];
}

/** A key that nobody needs must not stand in the way. What is wrong with the store is told by the step that chooses. */
async function isCandidateOpen(context: CheckContext<'host' | 'stores'>): Promise<boolean> {
  const found = await findSnapshots(context);
  if (!found.ok) return false;
  const picked = pickSnapshot(found.value, context.wantedSnapshot ?? 'latest');
  return picked.ok && !isEncrypted(picked.value.layers);
}

/** What psql may be given of a dump of a whole server: one database of it. */
async function takeOne(context: StepContext<'dumpTools' | 'databases' | 'host'>, file: string) {
  const path = context.workFile('database.dump');
  const rolesFile = context.workFile('roles.sql');
  const choose = chooseDatabase(context);
  const taken = await targetTools(context).takeDatabase({ file, toFile: path, rolesFile, choose });
  if (!taken.ok) return taken;
  context.output(`took database ${taken.value.cluster.taken} out of the dump of a whole server`);
  const removed = await removeWorkFile(context, file);
  if (!removed.ok) return removed;
  return succeed({ ...taken.value, path, cluster: { ...taken.value.cluster, rolesFile } });
}

function judgeTaken(cluster: TakenDatabase | undefined): readonly Check[] {
  if (cluster === undefined) return [];
  const others = cluster.databases.filter((name) => name !== cluster.taken);
  return [
    passed(
      `${cluster.taken} was taken out of a dump of a whole server; its tablespaces are not restored${others.length === 0 ? '' : `, nor ${shorten(others)}`}, and its roles only by a step restore-roles`,
    ),
    ...(cluster.isComplete
      ? []
      : [
          couldNotVerify(
            `the dump of the whole server was cut off behind ${cluster.taken}, which is whole`,
            'Find out why, before the next one is needed.',
          ),
        ]),
  ];
}

/** pg_restore reads the directory format from a folder, never from a tar of it. */
async function unpackDirectory(context: StepContext<'trees'>, file: string): Promise<Outcome<string>> {
  const toFolder = context.workFile('archive.d');
  const unpacked = await context.world.trees.unpackTar({
    file,
    toFolder,
    signal: context.signal,
    onProgress: (done) => context.progress({ label: 'unpacked', done, unit: 'bytes' }),
  });
  if (!unpacked.ok) return unpacked;
  if (unpacked.value.stripped !== undefined)
    context.output(`set-user-ID and set-group-ID were taken from ${shorten(unpacked.value.stripped)}`);
  const toc = await context.world.trees.findFile({ folder: toFolder, name: 'toc.dat' });
  return toc.ok ? succeed(toc.value.replace(/\/toc\.dat$/, '')) : toc;
}

async function readHead(
  archive: { readonly path: string; readonly format?: string | undefined },
  context: StepContext<'host'>,
): Promise<Outcome<DumpHead>> {
  const { host } = context.world;
  const isFolder = archive.format === 'directory';
  const bytes = await host.readHead(isFolder ? `${archive.path}/toc.dat` : archive.path, dumpHeadBytes);
  if (!bytes.ok) return bytes;
  const head = readDumpHead(bytes.value);
  if (!head.ok || !isFolder || head.value.format !== 'custom') return head;
  return succeed({ ...head.value, format: 'directory' });
}

/** What the first look could not tell: a plain dump with a long beginning, a directory whose table of contents came last. */
function judgeScope(context: StepContext, entries: readonly ArchiveEntry[]): readonly Check[] {
  const snapshot = needFact(snapshotFact, context);
  const refused = refuseScope(scopeOfEntries(entries), { snapshot, context });
  if (refused !== undefined) return [blocker(refused)];
  return context.targets.backups.contents === 'schema'
    ? [passed('it holds the schema alone, as the runbook says')]
    : [];
}

/** A dump may be whole and still lack what matters: of a wrong schema, of an empty database, made with an exclusion. */
function expectTables(context: StepContext, entries: readonly ArchiveEntry[]): readonly Check[] {
  const expected = context.targets.backups.expectTables ?? [];
  if (expected.length === 0) return [];
  const there = new Set(
    entries
      .filter(({ type }) => type === 'TABLE')
      .map(({ schema = 'public', name }) => qualifiedName({ schema, name })),
  );
  const missing = expected.filter((table) => !there.has(table));
  if (missing.length === 0)
    return [passed(`all ${expected.length} tables the runbook names are in the dump`)];
  return [
    failed(
      `the dump makes no table ${missing.join(', ')}`,
      'Choose another snapshot, and find out since when these tables are left out.',
    ),
  ];
}
