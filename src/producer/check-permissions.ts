import { type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import type { Targets } from '../kinds/targets.ts';
import type { ObjectStore, ObjectStoreConfig } from '../ports/object-store.ts';
import type { World } from '../ports/world.ts';
import { undeclared } from '../runbook/schema.ts';

/** A right that is more than is needed: worth knowing, and in nobody's way. */
export type Permission = Check & { readonly remark?: true };

function moreThanNeeded(text: string, remedy: string): Permission {
  return { ...passed(text), remedy, remark: true };
}

/**
 * Whether the two sides are kept apart: whoever takes over production must not reach the backups, and the key of the backups is
 * good for nothing else. Nothing here stands in the way of a restore; what cannot be known is said to be unknown.
 */
export async function checkPermissions(request: {
  readonly world: World;
  readonly targets: Targets;
  /** This host makes backups: then its key has to be able to write. */
  readonly makesBackups: boolean;
  /** `thaw prune` runs with this key: then it has to be able to remove. */
  readonly prunes: boolean;
}): Promise<readonly Permission[]> {
  const { world, targets } = request;
  const backup = targets.backups.store;
  const live = targets.production.objects;
  const checks = [...(await checkDatabase(request)), await checkOwnRights(request)];
  if (live === undefined) return checks;
  const account = world.nameStore(backup).account;
  const liveAccount = live.kind === backup.kind ? world.nameStore(live).account : undefined;
  if (account === undefined || liveAccount === undefined) {
    return [
      ...checks,
      couldNotVerify(
        'backups and live objects lie in folders of this host, or one of them does: no key keeps them apart',
        'Keep backups in a store with credentials of its own, in another account.',
      ),
    ];
  }
  if (account.id.reveal() === liveAccount.id.reveal()) {
    return [
      ...checks,
      moreThanNeeded(
        'production and backups share one access key: whoever has production has the backups',
        'Make a key for the backup bucket alone.',
      ),
    ];
  }
  return [
    ...checks,
    await checkClosed(world, {
      key: 'the backup key',
      config: withKeysOf(live, { other: backup, fields: account.fields }),
      remedy: 'Take the live bucket out of the rights of the backup key.',
    }),
    await checkClosed(world, {
      key: 'the live key',
      config: withKeysOf(backup, { other: live, fields: account.fields }),
      remedy: 'Take the backup bucket out of the rights of the live key; better, move it to another account.',
    }),
  ];
}

function withKeysOf(
  store: ObjectStoreConfig,
  from: { readonly other: ObjectStoreConfig; readonly fields: readonly string[] },
): ObjectStoreConfig {
  return { ...store, ...Object.fromEntries(from.fields.map((name) => [name, from.other[name]])) };
}

/** What a dump holds never runs with these rights; what an operator mistypes does. */
async function checkDatabase({
  world,
  targets,
}: Pick<Parameters<typeof checkPermissions>[0], 'world' | 'targets'>): Promise<readonly Permission[]> {
  const { databaseUrl, databaseRoute } = targets.production;
  if (databaseUrl.reveal() === undeclared.database.url) return [];
  const server = world.openDatabaseServer(databaseUrl, databaseRoute);
  const identity = await server.identity();
  // A server that does not answer is told by the step that needs it.
  if (!identity.ok || !identity.value.isSuperuser) return [];
  return [
    moreThanNeeded(
      `the database URL of ${server.address} is that of a superuser, ${identity.value.user}: it may do anything on that server and, through it, on its host`,
      'A role with CREATEROLE and CREATEDB restores as well, but for extensions that only a superuser may make.',
    ),
  ];
}

async function checkOwnRights(request: Parameters<typeof checkPermissions>[0]): Promise<Permission> {
  const { world, targets, makesBackups, prunes } = request;
  const store = world.openStore(targets.backups.store);
  const rights = await store.rights();
  if (!rights.ok) return couldNotVerify(rights.failure.message, rights.failure.remedy);
  const { write, remove } = rights.value;
  const may = `the backup key lists and reads ${store.address}; it ${words(write, 'write')} and ${words(remove, 'remove')}`;
  if (makesBackups && write === 'no')
    return failed(`${may}: no backup can be made with it`, 'Allow s3:PutObject on this bucket.');
  if (prunes && remove === 'no') {
    return couldNotVerify(
      `${may}: \`thaw prune\` will report what it cannot remove`,
      'Let a lifecycle rule expire old backups, or prune with a key that may.',
    );
  }
  if (!prunes && remove === 'yes' && world.nameStore(targets.backups.store).account !== undefined) {
    return moreThanNeeded(
      `${may}: whoever steals it can remove history`,
      'Leave it s3:PutObject, s3:GetObject and s3:ListBucket only, and turn object lock or versioning on.',
    );
  }
  return write === 'unknown' || remove === 'unknown'
    ? couldNotVerify(may, 'Look at the rights of the backup key in the console of the store.')
    : passed(may);
}

function words(right: 'yes' | 'no' | 'unknown', verb: string): string {
  return { yes: `may ${verb}`, no: `may not ${verb}`, unknown: `may or may not ${verb}` }[right];
}

/** Being refused is what is wanted. */
async function checkClosed(
  world: World,
  door: { readonly key: string; readonly config: ObjectStoreConfig; readonly remedy: string },
): Promise<Check> {
  const { key, config, remedy } = door;
  const store: ObjectStore = world.openStore(config);
  const access = await store.access();
  if (access.ok) return failed(`${key} opens ${store.address}`, remedy);
  if (access.failure.code === 'denied') return passed(`${key} is refused by ${store.address}`);
  return couldNotVerify(
    `it is not known whether ${key} opens ${store.address}: ${access.failure.message}`,
    'Check again when it can be reached.',
  );
}
