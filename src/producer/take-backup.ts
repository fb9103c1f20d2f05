import { gzipSync } from 'node:zlib';
import { artifactKey } from '../backups/artifact-keys.ts';
import type { ChainLink } from '../backups/author.ts';
import { type Manifest, readManifestText } from '../backups/manifest.ts';
import { type ObjectInventory, summariseObjects, writeObjectInventory } from '../backups/object-inventory.ts';
import { newestComplete } from '../backups/snapshot.ts';
import { endingsFor, isEncrypted } from '../backups/wrapping.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes, formatCount, formatDuration } from '../base/units.ts';
import { patienceOf, usualPatienceMs } from '../kinds/patience.ts';
import { findSnapshots } from '../operations/find-snapshots.ts';
import { readText } from '../operations/open-targets.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Inventory, SearchPathNeeds } from '../ports/database-server.ts';
import type { BackupRequest } from './backup-request.ts';
import { describeBackup, tablesLeftOut } from './describe-backup.ts';
import { dumpToStore, type StoredDump } from './dump-to-store.ts';
import { mirrorToBackup, readInventoryOf } from './mirror-to-backup.ts';
import { openOwnBackup } from './open-own-backup.ts';
import { type PreparedBackup, prepareBackup, serverMajor } from './prepare-backup.ts';
import { prepareSigning, type Signing, signManifest } from './sign-manifest.ts';
import { type StoredPart, storePart } from './store-part.ts';

type TakenBackup = {
  readonly manifest: Manifest;
  readonly manifestKey: string;
  /** Its place in the chain, where it is signed. */
  readonly link?: ChainLink | undefined;
};

/**
 * One snapshot: dump and counts from one moment of the database, roles beside it, the objects mirrored, and last of all the
 * manifest. Until that stands the snapshot counts as incomplete, wherever and however this is ended.
 */
export async function takeBackup(request: BackupRequest): Promise<Outcome<TakenBackup>> {
  const prepared = await prepareBackup(request);
  if (!prepared.ok) return prepared;
  const { server } = prepared.value;
  const lease = await server.lease(`backup of ${server.databaseName}`);
  if (!lease.ok) return lease;
  try {
    return await make(request, prepared.value);
  } finally {
    await lease.value.release();
  }
}

async function make(request: BackupRequest, prepared: PreparedBackup): Promise<Outcome<TakenBackup>> {
  const { onLine } = request;
  onLine(
    `backing up ${prepared.server.databaseName} at ${prepared.server.address} to ${prepared.store.address}`,
  );
  const signing = await prepareSigning(request, prepared);
  if (!signing.ok) return signing;
  const marked = await markBeginning(prepared);
  if (!marked.ok) return marked;
  const dumped = await dumpAndCount(request, prepared);
  if (!dumped.ok) return dumped;
  const { dump, inventory } = dumped.value;
  onLine(
    `dumped ${formatBytes(dump.unpackedBytes)}, stored ${formatBytes(dump.sizeBytes)} as ${prepared.key}`,
  );
  const opened = await openOwnBackup(request, { key: prepared.key, layers: prepared.packer.layers });
  if (!opened.ok) return opened;
  onLine(opened.value);
  const { contents, header } = dump.toc;
  if (contents === undefined)
    onLine(
      `archive version ${header.archiveVersion} is newer than thaw knows: its sequences are not written down`,
    );
  const leftOut = contents === undefined ? [] : tablesLeftOut(contents, inventory);
  if (leftOut.length > 0) onLine(`the dump holds no rows of ${leftOut.join(', ')}`);
  onLine(`counted ${formatCount(sumRows(inventory))} rows in ${inventory.tables.length} tables`);
  const globals = await storeGlobals(request, prepared);
  if (!globals.ok) return globals;
  const objects = await mirrorObjects(request, prepared);
  if (!objects.ok) return objects;
  const list = await storeList(prepared, objects.value);
  if (!list.ok) return list;
  const nowMs = request.world.host.now();
  const manifest: Manifest = {
    ...describeBackup(request, { prepared, ...dumped.value }),
    leftOut: [...leftOut],
    parts: [globals.value, ...(list.value === undefined ? [] : [list.value])],
    ...(objects.value === undefined
      ? {}
      : { objects: { ...summariseObjects(objects.value), listedAt: new Date(nowMs).toISOString() } }),
    durationMs: nowMs - prepared.startedAtMs,
  };
  return storeManifest(request, { prepared, manifest, signing: signing.value });
}

async function markBeginning(prepared: PreparedBackup) {
  const { store, key, host, startedAtMs } = prepared;
  const mark = { thawBackup: 1, key, host, startedAt: new Date(startedAtMs).toISOString() };
  return storePart({
    store,
    name: 'started',
    key: artifactKey(key, 'started'),
    content: Buffer.from(`${JSON.stringify(mark)}\n`),
    contentType: 'application/json',
  });
}

type Dumped = {
  readonly dump: StoredDump;
  readonly inventory: Inventory;
  /** undefined where it could not be read: a backup is worth more than its fingerprint. */
  readonly catalogue: Catalogue | undefined;
  readonly takenAtMs: number;
};

/** Counting and dumping look at the same exported snapshot, at the same time. */
async function dumpAndCount(request: BackupRequest, prepared: PreparedBackup): Promise<Outcome<Dumped>> {
  const { world, targets, settings, signal, onBytes = () => {} } = request;
  const { server, identity, packer, store, key, databaseBytes } = prepared;
  const exported = await server.exportSnapshot(server.databaseName);
  if (!exported.ok) return exported;
  const snapshot = exported.value;
  const stop = new AbortController();
  try {
    const dumping = dumpToStore({
      tools: world.openDumpTools(targets.production.databaseUrl, targets.production.databaseRoute),
      dump: {
        database: server.databaseName,
        serverMajor: serverMajor(identity),
        snapshot: snapshot.id,
        compress: settings.compression === 'none',
        stallMs: settings.stallMs,
        signal: AbortSignal.any([signal, stop.signal]),
      },
      packer,
      store,
      key,
      expectedBytes: databaseBytes,
      onBytes,
    });
    const counted = await snapshot.inventory({ newestColumns: settings.newestColumns });
    const needs = counted.ok ? await snapshot.searchPathNeeds() : counted;
    // Without counts the dump would be one of those that nobody can prove: it is not worth going on.
    if (!needs.ok) stop.abort();
    const catalogue = needs.ok ? await snapshot.catalogue() : needs;
    const dump = await dumping;
    if (!counted.ok) return counted;
    if (!needs.ok) return needs;
    if (!dump.ok) return dump;
    tellSearchPathNeeds(needs.value, request.onLine);
    if (!catalogue.ok)
      request.onLine(`the manifest has no fingerprint of the catalogue: ${catalogue.failure.message}`);
    return succeed({
      dump: dump.value,
      // What pg_dump read is what a restore sets; sequences move on while we count.
      inventory: { ...counted.value, sequences: dump.value.toc.contents?.sequences ?? [] },
      catalogue: catalogue.ok ? catalogue.value : undefined,
      takenAtMs: snapshot.takenAtMs,
    });
  } finally {
    await snapshot.close();
  }
}

/** The dump is good, and a restore of it stops: whoever can still change the database is told. */
function tellSearchPathNeeds({ lost, untried }: SearchPathNeeds, onLine: (line: string) => void): void {
  for (const { what, why } of lost)
    onLine(`WARNING: a restore of this dump will not be able to compute ${what}: ${why}`);
  if (lost.length > 0)
    onLine(
      'its functions look in a search path, and pg_dump restores with none: ALTER FUNCTION … SET search_path ends that; until then, `searchPath` in the restore-database step',
    );
  if (untried.length > 0)
    onLine(
      `whether a restore can compute them was not tried (a backup runs no code of other roles, and waits no minute for one): ${untried.join(', ')}`,
    );
}

/** Roles are not part of a database and so of no dump; their password hashes are as secret as the rows. */
async function storeGlobals(request: BackupRequest, prepared: PreparedBackup): Promise<Outcome<StoredPart>> {
  const { world, targets, signal } = request;
  const { identity, packer, store, key } = prepared;
  const globals = await world
    .openDumpTools(targets.production.databaseUrl, targets.production.databaseRoute)
    .dumpGlobals({
      serverMajor: serverMajor(identity),
      withPasswords: identity.isSuperuser && isEncrypted(packer.layers),
      signal,
    });
  if (!globals.ok) return globals;
  return storePart({
    store,
    name: 'globals',
    key: `${artifactKey(key, 'globals')}${endingsFor(packer.layers)}`,
    content: globals.value,
    contentType: 'application/octet-stream',
    packer,
  });
}

async function mirrorObjects(
  request: BackupRequest,
  prepared: PreparedBackup,
): Promise<Outcome<ObjectInventory | undefined>> {
  const { world, targets, settings, onLine, signal } = request;
  const { store } = prepared;
  const prefix = targets.backups.objectsPrefix;
  if (targets.production.objects === undefined || prefix === undefined) return succeed(undefined);
  const live = world.openStore(targets.production.objects);
  const [mine, theirs] = [await store.access(), await live.access()];
  if (!mine.ok) return mine;
  if (!theirs.ok) return theirs;
  const [a, b] = [mine.value.identity, theirs.value.identity];
  if (a.endpoint === b.endpoint && a.bucket === b.bucket) {
    return fail({
      code: 'conflict',
      message: `The live objects and the backups are both in ${store.address}.`,
      remedy: 'Use another bucket, better in another account, for the backups.',
      retry: 'after-fix',
    });
  }
  const found = await findSnapshots({ world, targets: { ...targets, target: targets.production } });
  const before = await readInventoryOf(store, newestComplete(found.ok ? found.value : []));
  const patience = patienceOf(world.host, { lastsMs: usualPatienceMs, signal, tell: onLine });
  const { workers } = settings;
  return mirrorToBackup({ live, backup: store, prefix, workers, before, onLine, signal, patience });
}

async function storeList(
  { store, key }: PreparedBackup,
  objects: ObjectInventory | undefined,
): Promise<Outcome<StoredPart | undefined>> {
  if (objects === undefined) return succeed(undefined);
  return storePart({
    store,
    name: 'objects',
    key: artifactKey(key, 'objects'),
    content: gzipSync(writeObjectInventory(objects)),
    contentType: 'application/gzip',
  });
}

/** Read back, since from now on everybody trusts it. The signature is there before it: no manifest waits for one. */
async function storeManifest(
  request: BackupRequest,
  made: {
    readonly prepared: PreparedBackup;
    readonly manifest: Manifest;
    readonly signing: Signing | undefined;
  },
): Promise<Outcome<TakenBackup>> {
  const { manifest, signing } = made;
  const { store, key } = made.prepared;
  const manifestKey = artifactKey(key, 'manifest');
  const signed = await signManifest(request, { manifest, key: manifestKey, signing });
  if (!signed.ok) return signed;
  const { text, signature, link } = signed.value;
  const files = [
    ...(signature === undefined ? [] : [['signature', signature, 'text/plain'] as const]),
    ['manifest', text, 'application/json'] as const,
  ];
  for (const [name, content, contentType] of files) {
    const part = { store, name, key: artifactKey(key, name), content: Buffer.from(content), contentType };
    const stored = await storePart(part);
    if (!stored.ok) return stored;
  }
  const back = await readText(store, manifestKey);
  if (!back.ok) return back;
  const read = readManifestText(back.value, manifestKey);
  if (!read.ok) return read;
  if (signing !== undefined)
    request.onLine(`signed by ${signing.fingerprint}, number ${signing.chain.sequence} of its chain`);
  request.onLine(
    `complete after ${formatDuration(manifest.durationMs ?? 0)}: ${manifestKey} was written last`,
  );
  return succeed({ manifest: read.value, manifestKey, link });
}

function sumRows(inventory: Inventory): number {
  return inventory.tables.reduce((sum, table) => sum + table.rows, 0);
}
