import { artifactKey } from '../backups/artifact-keys.ts';
import { fingerprintSecret } from '../backups/fingerprint.ts';
import { formatKey } from '../backups/format-key.ts';
import { parseLayout } from '../backups/layout.ts';
import { readEnvNames } from '../backups/read-otherwise.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { findMissingPrograms, missingAsFailure } from '../engine/missing-programs.ts';
import { programsOfPlaces } from '../kinds/programs.ts';
import { backupStore } from '../operations/open-targets.ts';
import type { DatabaseServer, ServerIdentity } from '../ports/database-server.ts';
import type { ToolVersion } from '../ports/dump-tools.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Packer, RecipientDescription } from '../ports/packer.ts';
import type { BackupRequest } from './backup-request.ts';

export type PreparedBackup = {
  readonly key: string;
  readonly host: string;
  readonly startedAtMs: number;
  readonly store: ObjectStore;
  readonly server: DatabaseServer;
  readonly identity: ServerIdentity;
  readonly databaseBytes: number;
  readonly databaseOid: number;
  readonly dumpTool: ToolVersion;
  readonly packer: Packer;
  readonly recipient: RecipientDescription | undefined;
  readonly fingerprints: Readonly<Record<string, string>>;
};

/** Everything that can be known to be wrong is found before the first byte is dumped. */
export async function prepareBackup(request: BackupRequest): Promise<Outcome<PreparedBackup>> {
  const { world, targets, settings } = request;
  const store = backupStore({ world, targets: { ...targets, target: targets.production } });
  const server = world.openDatabaseServer(targets.production.databaseUrl, targets.production.databaseRoute);
  const packer = world.openPacker({ compression: settings.compression, sealing: settings.sealing });
  const startedAtMs = world.host.now();
  const host = settings.host ?? world.host.facts.name;
  const key = nameDump(request, { host, startedAtMs, packer, database: server.databaseName });
  if (!key.ok) return key;
  const recipient = await packer.describeRecipient();
  const missing = await lookForPrograms(request, recipient);
  if (missing !== undefined) return fail(missing);
  if (!recipient.ok) return recipient;
  const fingerprints = await takeFingerprints(request);
  if (!fingerprints.ok) return fingerprints;
  const identity = await server.identity();
  if (!identity.ok) return identity;
  const described = await server.describeDatabase(server.databaseName);
  if (!described.ok) return described;
  if (described.value === undefined) return fail(noDatabase(server));
  const major = serverMajor(identity.value);
  const dumpTool = await world
    .openDumpTools(targets.production.databaseUrl, targets.production.databaseRoute)
    .dumpToolVersion(major);
  if (!dumpTool.ok) return fail((await lookForPrograms(request, dumpTool)) ?? dumpTool.failure);
  const free = await checkFree(store, key.value);
  if (!free.ok) return free;
  return succeed({
    key: key.value,
    host,
    startedAtMs,
    store,
    server,
    identity: identity.value,
    databaseBytes: described.value.sizeBytes,
    databaseOid: described.value.oid,
    dumpTool: dumpTool.value,
    packer,
    recipient: recipient.value,
    fingerprints: fingerprints.value,
  });
}

/** All programs that are missing at once, with what brings them; `found` is what one of the parts ran into. */
async function lookForPrograms(
  { world, targets: { backups, production } }: BackupRequest,
  found: Outcome<unknown>,
): Promise<Failure | undefined> {
  const route = production.databaseRoute;
  const missing = await findMissingPrograms({
    needed: [
      ...programsOfPlaces({ stores: [backups.store, production.objects], route }),
      // Where a route leads to a container, the programs are in there.
      ...(route === undefined ? dumpPrograms : []),
    ],
    found: found.ok || found.failure.lacks === undefined ? [] : [found.failure.lacks],
    host: world.hostPrograms,
  });
  return missing === undefined ? undefined : missingAsFailure(missing);
}

const dumpPrograms = [{ program: 'pg_dump' }, { program: 'pg_dumpall' }] as const;

export function serverMajor(identity: ServerIdentity): number {
  return Math.floor(identity.versionNumber / 10_000);
}

function nameDump(
  { targets, settings }: BackupRequest,
  dump: {
    readonly host: string;
    readonly startedAtMs: number;
    readonly packer: Packer;
    readonly database: string;
  },
): Outcome<string> {
  const layout = parseLayout(targets.backups.layout);
  if ('fault' in layout) {
    return fail({
      code: 'runbook-invalid',
      message: `The key layout ${targets.backups.layout} cannot be read: ${layout.fault}`,
      remedy: 'Correct backups.dumps.layout in the runbook.',
      retry: 'after-fix',
    });
  }
  return formatKey(layout, {
    timeMs: dump.startedAtMs,
    host: dump.host,
    tier: settings.tier,
    name: dump.database,
    layers: dump.packer.layers,
  });
}

/** A snapshot is never written over another one; only what an attempt of ours left unfinished may be. */
async function checkFree(store: ObjectStore, key: string): Promise<Outcome<void>> {
  const [dump, manifest, started] = await Promise.all([
    store.describe(key),
    store.describe(artifactKey(key, 'manifest')),
    store.describe(artifactKey(key, 'started')),
  ]);
  for (const answer of [dump, manifest, started]) if (!answer.ok) return answer;
  const isThere = (answer: typeof dump) => answer.ok && answer.value !== undefined;
  if (!isThere(manifest) && (isThere(started) || !isThere(dump))) return succeed(undefined);
  return fail({
    code: 'conflict',
    message: `There is a snapshot at ${key} in ${store.address} already.`,
    remedy: 'Wait until the layout gives another name, or put {minute} or {timestamp} into it.',
    retry: 'safe',
  });
}

async function takeFingerprints(request: BackupRequest): Promise<Outcome<Readonly<Record<string, string>>>> {
  const { settings, targets, world } = request;
  if (settings.fingerprints.length === 0) return succeed({});
  const path = targets.production.envFile ?? '.env';
  const text = await world.host.readTextFile(path);
  if (!text.ok) return text;
  const read = readEnvNames(text.value, { path, names: settings.fingerprints });
  if (!read.ok) return read;
  if (read.value.note !== undefined) request.onLine(read.value.note);
  const found: Record<string, string> = {};
  for (const name of settings.fingerprints) {
    const value = read.value.values.get(name);
    if (!value) return fail(missingSecret(name, path));
    found[name] = await fingerprintSecret({ name, value });
  }
  return succeed(found);
}

function missingSecret(name: string, path: string) {
  return {
    code: 'not-found',
    message: `${path} has no ${name}, whose fingerprint belongs into the manifest.`,
    remedy: 'Correct producer.fingerprints or production.envFile in the runbook.',
    retry: 'after-fix',
  } as const;
}

function noDatabase(server: DatabaseServer) {
  return {
    code: 'not-found',
    message: `There is no database ${server.databaseName} at ${server.address}.`,
    remedy: 'Correct the database URL.',
    retry: 'after-fix',
  } as const;
}
