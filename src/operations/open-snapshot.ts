import { type DumpHead, dumpHeadBytes, readDumpHead } from '../backups/dump-head.ts';
import { type DumpScope, readDumpScope, scopeLooksBytes } from '../backups/dump-scope.ts';
import type { Snapshot } from '../backups/snapshot.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { OpenedDump } from '../kinds/dump-facts.ts';
import type { CheckContext } from '../kinds/kind.ts';
import type { Targets } from '../kinds/targets.ts';
import { chooseDatabase } from './choose-database.ts';
import { backupStore, targetTools } from './open-targets.ts';
import { refuseScope } from './refuse-scope.ts';

type Reach = Pick<CheckContext<'stores' | 'dumpTools' | 'keys' | 'databases'>, 'world' | 'targets'>;

/** A dump whose beginning does not tell whether it is whole is read twice, unless that takes long. */
const mostReadTwiceBytes = 1024 ** 3;

/**
 * Proves, without fetching it whole, that the key at hand opens this snapshot, that it is a dump, and that the pg_restore or
 * psql at hand can read it. Reads only; nothing may be stopped or dropped before this succeeded.
 */
export async function openSnapshot(context: Reach, snapshot: Snapshot): Promise<Outcome<OpenedDump>> {
  const read = await peekDump(context, snapshot);
  if (!read.ok) return fail(naming(snapshot, read.failure));
  const whole = await readWhole(context, { snapshot, head: read.value });
  if (!whole.ok) return fail(naming(snapshot, whole.failure));
  const { head, ...found } = whole.value;
  const reads = await checkToolReads(context, { head, name: snapshot.id });
  if (!reads.ok) return reads;
  const opened = { ...reads.value, ...found };
  // Of a whole server the first rows are those of any database: the step that takes one judges it.
  const isCluster = head.format === 'plain' && head.isCluster === true;
  const scope = isCluster ? undefined : await findScope(context, { snapshot, format: head.format });
  if (scope === undefined) return succeed(opened);
  const refused = refuseScope(scope, { snapshot, context });
  if (refused !== undefined) return fail(refused);
  const { extensions = scope.extensions } = opened;
  const { owners } = scope;
  return succeed({
    ...opened,
    ...(extensions === undefined ? {} : { extensions }),
    ...(owners === undefined ? {} : { owners }),
  });
}

/** What the first bytes cannot tell, of a dump that is read twice for it. */
async function readWhole(
  context: Reach,
  { snapshot, head }: { readonly snapshot: Snapshot; readonly head: DumpHead },
): Promise<Outcome<{ readonly head: DumpHead } & Pick<OpenedDump, 'cluster' | 'extensions' | 'isWhole'>>> {
  const isPacked = head.format === 'directory' && head.header === undefined;
  if (head.format !== 'plain' && !isPacked) return succeed({ head });
  if (snapshot.sizeBytes > mostReadTwiceBytes) return succeed({ head, isWhole: false });
  const form = isPacked ? 'directory' : head.format === 'plain' && head.isCluster ? 'cluster' : 'plain';
  const read = await context.world.openUnpacker(context.targets.backups.key).read({
    open: async () => {
      const reading = await backupStore(context).read({ key: snapshot.key });
      return reading.ok ? succeed(reading.value.body) : reading;
    },
    layers: snapshot.layers,
    take: (content) =>
      targetTools(context).readContent({
        content,
        form,
        name: snapshot.key,
        choose: chooseDatabase(context),
      }),
  });
  if (!read.ok) return read;
  const { extensions, cluster, dumpedByVersion, dumpedFromVersion } = read.value;
  const versions = { serverVersion: dumpedFromVersion, dumpVersion: dumpedByVersion };
  return succeed({
    head: head.format === 'plain' ? { ...head, ...versions } : head,
    ...{ extensions, isWhole: true },
    ...(cluster === undefined ? {} : { cluster: cluster.taken }),
  });
}

type PeekReach = {
  readonly world: CheckContext<'stores' | 'keys'>['world'];
  readonly targets: Pick<Targets, 'backups'>;
};

/** Opens the beginning of a dump in the backup store with the key at hand, and reads what it says about itself. */
export async function peekDump(
  context: PeekReach,
  snapshot: Pick<Snapshot, 'key' | 'layers'>,
): Promise<Outcome<DumpHead>> {
  const near = await peekAt(context, { ...snapshot, wantBytes: dumpHeadBytes });
  if (!near.ok || saysItsVersion(near.value)) return near;
  for (const wantBytes of scopeLooksBytes(near.value.format)) {
    const far = await peekAt(context, { ...snapshot, wantBytes });
    if (far.ok && saysItsVersion(far.value)) return far;
  }
  return near;
}

/** In a packed directory other files may stand before the one that says it. */
function saysItsVersion(head: DumpHead): boolean {
  return head.format !== 'directory' || head.header !== undefined;
}

async function peekAt(
  context: PeekReach,
  { key, layers, wantBytes }: Pick<Snapshot, 'key' | 'layers'> & { readonly wantBytes: number },
): Promise<Outcome<DumpHead>> {
  const { store, key: keys } = context.targets.backups;
  const reading = await context.world.openStore(store).read({ key });
  if (!reading.ok) return reading;
  const { body } = reading.value;
  const head = await context.world.openUnpacker(keys).peek({ body, layers, wantBytes });
  return head.ok ? readDumpHead(head.value) : head;
}

/** What it holds, as far as its beginning tells; what goes wrong here the steps that fetch and unpack it will say. */
async function findScope(
  context: Reach,
  { snapshot, format }: { readonly snapshot: Snapshot; readonly format: DumpHead['format'] },
): Promise<DumpScope | undefined> {
  const unpacker = context.world.openUnpacker(context.targets.backups.key);
  for (const wantBytes of scopeLooksBytes(format)) {
    const reading = await backupStore(context).read({ key: snapshot.key });
    if (!reading.ok) return undefined;
    const { layers } = snapshot;
    const looked = await unpacker.peek({ body: reading.value.body, layers, wantBytes });
    if (!looked.ok) return undefined;
    const isWhole = looked.value.length < wantBytes;
    const scope = readDumpScope({ format, bytes: looked.value, isWhole });
    if (scope !== undefined || isWhole) return scope;
  }
  return undefined;
}

/** What opens backups sees bytes only; the operator has to know which snapshot they are of. */
function naming(snapshot: Snapshot, failure: Failure): Failure {
  return { ...failure, message: `Snapshot ${snapshot.id} does not open. ${failure.message}` };
}

/** An older pg_restore refuses a newer archive, and says so only after the old database would be gone. */
export async function checkToolReads(
  context: Reach,
  { head, name }: { readonly head: DumpHead; readonly name: string },
): Promise<Outcome<OpenedDump>> {
  const tool = await targetTools(context).restoreToolVersion(head.format);
  const isHere = context.targets.target.databaseRoute === undefined;
  if (!tool.ok) return isHere ? fail(withMajor(tool.failure, head)) : tool;
  const opened = { format: head.format, ...versionsOf(head) };
  const version = tool.value.text;
  if (head.format === 'plain') return succeed({ ...opened, reader: { program: 'psql', version } });
  const { header } = head;
  if (header === undefined || tool.value.major >= header.neededMajor)
    return succeed({ ...opened, reader: { program: 'pg_restore', version } });
  return fail({
    code: 'tool-too-old',
    message: `pg_restore ${version} cannot read ${name}: ${sayArchive(opened)} needs pg_restore ${header.neededMajor} or newer.`,
    remedy: `Install postgresql-client-${header.neededMajor} or newer on this host, then check again.`,
    retry: 'after-fix',
    ...(isHere ? { lacks: { program: 'pg_restore', major: header.neededMajor } } : {}),
  });
}

/** What is missing is known by its name; which version it has to be only the dump tells. */
function withMajor(failure: Failure, head: DumpHead): Failure {
  const major = head.format === 'plain' ? undefined : head.header?.neededMajor;
  if (failure.lacks === undefined || major === undefined) return failure;
  return { ...failure, lacks: { ...failure.lacks, major } };
}

function versionsOf(head: DumpHead): Omit<OpenedDump, 'format' | 'reader'> {
  if (head.format === 'plain') {
    const { dumpVersion, serverVersion } = head;
    return dumpVersion === '' ? {} : { dumpVersion, serverVersion };
  }
  if (head.header === undefined) return {};
  const { archiveVersion, dumpVersion, serverVersion, createdAtLocal } = head.header;
  return { archiveVersion, dumpVersion, serverVersion, createdAtLocal };
}

/** 2026-04-28/14 opens: archive 1.14 of pg_dump 15.18, from PostgreSQL 15.18; pg_restore 15.18 reads it */
export function sayOpened(name: string, opened: OpenedDump): string {
  const { format, reader, dumpVersion, archiveVersion } = opened;
  const tool = `${reader.program} ${reader.version}`;
  if (format === 'plain') {
    const of = opened.cluster === undefined ? '' : ` of a whole server, of which ${opened.cluster} is taken,`;
    const end = opened.isWhole === false ? '; its end was not read, since it is large' : '';
    return `${name} opens: plain SQL${of}${dumpVersion === undefined ? '' : sayMaker(opened)}; ${tool} runs it${end}`;
  }
  if (archiveVersion === undefined)
    return `${name} opens: a packed directory of pg_dump; its version shows when it is unpacked, for ${tool}`;
  return `${name} opens: ${sayArchive(opened)}; ${tool} reads it`;
}

type Versions = Omit<OpenedDump, 'reader'>;

function sayArchive(dump: Versions): string {
  return `archive ${dump.archiveVersion}${sayMaker(dump)}`;
}

function sayMaker({ dumpVersion, serverVersion }: Versions): string {
  return ` of pg_dump ${dumpVersion}, from PostgreSQL ${serverVersion}`;
}
