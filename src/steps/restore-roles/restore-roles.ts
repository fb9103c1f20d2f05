import { artifactKey } from '../../backups/artifact-keys.ts';
import { shorten } from '../../backups/compare-inventories.ts';
import { type Globals, readGlobals } from '../../backups/globals.ts';
import type { Manifest } from '../../backups/manifest.ts';
import type { Snapshot } from '../../backups/snapshot.ts';
import { isEncrypted, layersOf, unwrappedKey } from '../../backups/wrapping.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { archiveFileFact } from '../../kinds/dump-facts.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import { manifestFact, snapshotFact } from '../../kinds/facts.ts';
import { type CheckContext, implementKind, type StepContext, type StepOf } from '../../kinds/kind.ts';
import { removeWorkFile } from '../../operations/bring-object.ts';
import { findFiles, missingBeside } from '../../operations/find-files.ts';
import { findSnapshots, pickSnapshot, readManifest } from '../../operations/find-snapshots.ts';
import { peekDump } from '../../operations/open-snapshot.ts';
import { backupStore, blocker, listAll, targetServer } from '../../operations/open-targets.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { Layer } from '../../ports/unpacker.ts';
import { restoreRolesKind, rolesFact } from './kind.ts';
import { makeMissing, nothingMade } from './make-roles.ts';

type RolesStep = StepOf<typeof restoreRolesKind>;
/** Whose roles are looked for. */
type Candidate = Pick<Snapshot, 'key' | 'layers'> & { readonly manifest: Manifest | undefined };

const stallMs = 30_000;

/**
 * The roles of the lost server, with their passwords: a dump of one database has none. What exists already is left as it is, its
 * password above all. Roles belong to a whole server, so a drill only reads them.
 */
export const restoreRoles = implementKind(restoreRolesKind, {
  async preview(step, context) {
    const server = targetServer(context).address;
    return {
      sentences: [
        `Reads the roles that lie beside the dump, or ${step.layout === undefined ? 'at its beginning, where it is one of a whole server' : `in ${step.layout}`}.`,
        context.mode === 'drill'
          ? 'A drill makes none of them: they would belong to the whole server.'
          : `Makes those that ${server} has not; existing ones keep their password and everything else.`,
      ],
      commands: [],
    };
  },

  async check(step, context) {
    const snapshots = await findSnapshots(context);
    // What is wrong with the backup store is told by the step that chooses the snapshot.
    if (!snapshots.ok) return [];
    const picked = pickSnapshot(snapshots.value, context.wantedSnapshot ?? 'latest');
    if (!picked.ok) return [];
    const manifest = await readManifest(context, picked.value);
    const found = await findGlobals(
      step,
      { ...picked.value, manifest: manifest.ok ? manifest.value : undefined },
      context,
    );
    if (!found.ok) return [missingBeside(found.failure, step)];
    const source =
      found.value === undefined
        ? await checkBeginning(step, { snapshot: picked.value, context })
        : passed(`roles: ${found.value.object.key}`);
    return [source, ...(await checkRights(context))];
  },

  async run(step, context) {
    const brought = await bringGlobals(step, context);
    if (!brought.ok) return brought;
    const { key, globals } = brought.value;
    const made = context.mode === 'drill' ? succeed(nothingMade) : await makeMissing(globals, context);
    if (!made.ok) return made;
    const before = readFact(rolesFact, context);
    await context.record(rolesFact, {
      key,
      wanted: globals.roles.map(({ name }) => name),
      // An attempt that broke off had made some already.
      made: [...new Set([...(before?.key === key ? before.made : []), ...made.value.names])],
      withheld: [
        ...new Set([...(before?.key === key ? (before.withheld ?? []) : []), ...made.value.withheld]),
      ],
      leftOut: globals.leftOut,
      isComplete: globals.isComplete,
    });
    return succeed({ kind: 'done' });
  },

  async verify(_step, context) {
    const { key, wanted, made, leftOut, isComplete, withheld = [] } = needFact(rolesFact, context);
    const checks: Check[] = [
      isComplete
        ? passed(`${key} is whole: ${wanted.length} roles`)
        : failed(`${key} breaks off: its last line is missing`, 'Take the roles from another snapshot.'),
    ];
    if (leftOut > 0) {
      checks.push(
        couldNotVerify(
          `${leftOut} lines of ${key} are about something else than roles and were left out`,
          'Read them: tablespaces, say.',
        ),
      );
    }
    checks.push(
      ...withheld.map((statement) =>
        couldNotVerify(
          `${key} asks for more than an application needs, which was not done: ${statement}`,
          'Nothing proves who wrote this file. Run the statement yourself if the role is to have that.',
        ),
      ),
    );
    if (context.mode === 'drill') return succeed(checks);
    const existing = await listRoles(context);
    if (!existing.ok) return existing;
    const missing = wanted.filter((role) => !existing.value.has(role));
    checks.push(
      missing.length === 0
        ? passed(`all ${wanted.length} roles are there; made: ${made.length === 0 ? 'none' : shorten(made)}`)
        : failed(`roles are missing: ${shorten(missing)}`, 'Read the output, then retry.'),
    );
    return succeed(checks);
  },
});

async function checkRights(context: CheckContext<'databases'>): Promise<readonly Check[]> {
  if (context.mode === 'drill') return [];
  const server = targetServer(context);
  const rows = await server.query({
    database: server.databaseName,
    sql: 'SELECT rolcreaterole OR rolsuper AS may FROM pg_roles WHERE rolname = current_user',
  });
  // The database may not exist yet on a new server; making a role then says what is wrong.
  if (!rows.ok || /^t/.test(rows.value[0]?.may ?? '')) return [];
  return [failed(`This user may not create roles on ${server.address}.`, 'Use a role with CREATEROLE.')];
}

/** A dump of a whole server begins with the roles. */
async function checkBeginning(
  step: RolesStep,
  of: { readonly snapshot: Snapshot; readonly context: CheckContext<'stores' | 'keys'> },
): Promise<Check> {
  const { snapshot, context } = of;
  const head = await peekDump(context, snapshot);
  if (!head.ok) return blocker(head.failure);
  return head.value.format === 'plain' && head.value.isCluster
    ? passed(`roles: at the beginning of ${snapshot.key}, a dump of a whole server`)
    : missingBeside(noRoles(snapshot.key), step);
}

type BroughtGlobals = { readonly key: string; readonly globals: Globals };

/** What `decrypt` kept of a dump of a whole server. It lies beside that dump, which holds the same. */
async function readBeginning(
  context: StepContext<'host' | 'stores' | 'keys'>,
): Promise<Outcome<BroughtGlobals>> {
  const { key } = needFact(snapshotFact, context);
  const file = needFact(archiveFileFact, context).cluster?.rolesFile;
  if (file === undefined) return fail(noRoles(key));
  const text = await context.world.host.readTextFile(file);
  // What follows the roles is a database: they do not end in the middle.
  return text.ok ? succeed({ key, globals: { ...readGlobals(text.value), isComplete: true } }) : text;
}

async function bringGlobals(
  step: RolesStep,
  context: StepContext<'host' | 'stores' | 'keys'>,
): Promise<Outcome<BroughtGlobals>> {
  const snapshot = { ...needFact(snapshotFact, context), manifest: readFact(manifestFact, context) };
  const found = await findGlobals(step, snapshot, context);
  if (!found.ok) return found;
  if (found.value === undefined) return readBeginning(context);
  const { object, layers, sha256 } = found.value;
  const { host } = context.world;
  const [packed, file] = [context.workFile('globals.packed'), context.workFile('globals.sql')];
  const fetched = await host.download({
    from: backupStore(context),
    object,
    toFile: packed,
    stallMs,
    signal: context.signal,
    onProgress: () => {},
  });
  if (!fetched.ok) return fetched;
  if (sha256 !== undefined && fetched.value.sha256 !== sha256) return fail(otherRoles(object.key));
  const opened = await context.world.openUnpacker(context.targets.backups.key).unpack({
    fromFile: packed,
    toFile: file,
    layers,
    signal: context.signal,
    onProgress: () => {},
  });
  if (!opened.ok) return opened;
  const text = await host.readTextFile(file);
  if (!text.ok) return text;
  // It holds the hashes of all passwords: gone as soon as it is read.
  for (const path of [packed, file]) {
    const removed = await removeWorkFile(context, path);
    if (!removed.ok) return removed;
  }
  return succeed({ key: object.key, globals: readGlobals(text.value) });
}

async function listRoles(context: StepContext<'databases'>): Promise<Outcome<ReadonlySet<string>>> {
  const rows = await targetServer(context).query({
    database: 'postgres',
    sql: 'SELECT rolname AS role FROM pg_roles',
  });
  return rows.ok ? succeed(new Set(rows.value.map(({ role }) => role ?? ''))) : rows;
}

type FoundGlobals = {
  readonly object: ObjectInfo;
  readonly layers: readonly Layer[];
  readonly sha256?: string;
};

/**
 * What `thaw backup` put beside the dump, as its manifest names it; else what other scripts wrote, by the layout of the runbook. Without a
 * layout there may be none: then the roles are in the dump.
 */
async function findGlobals(
  step: RolesStep,
  ...[snapshot, context]: [Candidate, Pick<CheckContext<'host' | 'stores'>, 'world' | 'targets'>]
): Promise<Outcome<FoundGlobals | undefined>> {
  const beside = artifactKey(snapshot.key, 'globals');
  const store = backupStore(context);
  const listed = await listAll(store, beside);
  if (!listed.ok) return listed;
  const there = listed.value.filter(({ key }) => unwrappedKey(key) === beside);
  const part = snapshot.manifest?.parts?.find(({ name }) => name === 'globals');
  if (part !== undefined) {
    const object = there.find(({ key }) => key === part.key);
    if (object === undefined) return fail(partGone(part.key, store.address));
    return succeed({ object, layers: layersOf(object.key), sha256: part.sha256 });
  }
  // Whoever encrypts the dump encrypts the password hashes beside it, too.
  const sealed = there.filter(({ key }) => isEncrypted(layersOf(key)));
  const [own] = isEncrypted(snapshot.layers) || context.targets.backups.encrypted ? sealed : there;
  if (own !== undefined) return succeed({ object: own, layers: layersOf(own.key) });
  if (there[0] !== undefined) return fail(plainBeside(there[0].key));
  if (step.layout === undefined) return succeed(undefined);
  const found = await findFiles({ kind: 'archive', layout: step.layout }, snapshot.key, context);
  if (!found.ok) return found;
  if (found.value.kind === 'archive') return succeed(found.value);
  return fail({
    code: 'not-found',
    message: `There is no file of roles: ${step.layout} names a folder.`,
    remedy: 'Correct the layout of the roles in the runbook.',
    retry: 'after-fix',
  });
}

function noRoles(key: string) {
  return {
    code: 'not-found',
    message: `No file of roles lies beside ${key}, and it is no dump of a whole server: it has none.`,
    remedy: 'Name where they are as `layout` of restore-roles, or make them by hand and leave the step out.',
    retry: 'after-fix',
  } as const;
}

function otherRoles(key: string) {
  return {
    code: 'damaged',
    message: `${key} is not what the manifest speaks of: its SHA-256 differs.`,
    remedy: 'Choose another snapshot, or make the roles by hand.',
    retry: 'after-fix',
  } as const;
}

function partGone(key: string, address: string) {
  return {
    code: 'not-found',
    message: `The manifest names ${key} as the file of the roles, and it is not in ${address}.`,
    remedy: 'Choose another snapshot, or make the roles by hand.',
    retry: 'after-fix',
  } as const;
}

function plainBeside(key: string) {
  return {
    code: 'not-verified',
    message: `${key} lies beside an encrypted dump and is not encrypted: whoever can write to the store can have made it.`,
    remedy: 'Find out who wrote it. Make the roles by hand, or choose another snapshot.',
    retry: 'after-fix',
  } as const;
}
