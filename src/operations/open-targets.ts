import { createHash } from 'node:crypto';
import { isOfKit } from '../backups/kit.ts';
import { brokenBodyFailure } from '../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes } from '../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import { readFact } from '../kinds/fact.ts';
import { incomingDatabaseFact } from '../kinds/facts.ts';
import type { StepContext } from '../kinds/kind.ts';
import type { Targets } from '../kinds/targets.ts';
import type { ObjectStore, ObjectStoreConfig, StoreAccess } from '../ports/object-store.ts';
import type { StoreLooks, World } from '../ports/world.ts';

type Reach = Pick<StepContext<'databases'>, 'world' | 'targets' | 'mode' | 'fact' | 'runId'>;

type At<World> = { readonly world: World; readonly targets: Targets };
type Stores<Store> = { openStore(config: ObjectStoreConfig): Store };
type Servers<Server> = { openDatabaseServer(...place: Parameters<World['openDatabaseServer']>): Server };

// Each gives as much of a port as the world it is handed has: names to a preview, what can be read to a check, everything to a run.

export function backupStore<Store>(context: At<Stores<Store>>): Store {
  return context.world.openStore(context.targets.backups.store);
}

/** undefined where the runbook declares no objects for this mode. */
export function targetStore<Store>(context: At<Stores<Store>>): Store | undefined {
  const config = context.targets.target.objects;
  return config === undefined ? undefined : context.world.openStore(config);
}

export function targetServer<Server>(context: At<Servers<Server>>): Server {
  const { databaseUrl, databaseRoute } = context.targets.target;
  return context.world.openDatabaseServer(databaseUrl, databaseRoute);
}

export function productionServer<Server>(context: At<Servers<Server>>): Server {
  const { databaseUrl, databaseRoute } = context.targets.production;
  return context.world.openDatabaseServer(databaseUrl, databaseRoute);
}

export function targetTools<Tools>(
  context: At<{ openDumpTools(...place: Parameters<World['openDumpTools']>): Tools }>,
): Tools {
  const { databaseUrl, databaseRoute } = context.targets.target;
  return context.world.openDumpTools(databaseUrl, databaseRoute);
}

/** The database later steps look into: production after the swap, in a drill the throwaway. */
export function targetDatabase(context: Reach): string {
  const server = targetServer(context);
  if (context.mode !== 'drill') return server.databaseName;
  return readFact(incomingDatabaseFact, context)?.name ?? server.databaseName;
}

/** A drill writes below a prefix of its own, so that whatever it removes in the end is its own. */
export function objectPrefix(context: Pick<Reach, 'mode' | 'runId'>): string {
  return context.mode === 'drill' ? `thaw-drill-${context.runId}/` : '';
}

/** A failure as a line of the preflight. */
export function blocker(failure: Failure): Check {
  return lacking(failure, failed(failure.message, failure.remedy));
}

/** A failure that leaves a check without an answer, but nothing in the way. */
export function unanswered(failure: Failure): Check {
  return lacking(failure, couldNotVerify(failure.message, failure.remedy));
}

function lacking({ lacks }: Failure, check: Check): Check {
  return lacks === undefined ? check : { ...check, lacks };
}

/** Former objects that a run kept before it overwrote or brought them back: no part of what is backed up or compared. */
export function isSetAside(key: string): boolean {
  return /^\.thaw-(before|undone)-[0-9a-f]{6}\//.test(key);
}

/** All pages of a listing without what a run has set aside below that prefix, and without kits unless they are asked for; or the first failure. */
export async function listAll(store: Pick<ObjectStore, 'list'>, ...[prefix, signal]: [string, AbortSignal?]) {
  const objects = [];
  for await (const page of store.list({ prefix, ...(signal === undefined ? {} : { signal }) })) {
    if (!page.ok) return page;
    for (const object of page.value) {
      const isOther = isOfKit(object.key) && !isOfKit(prefix);
      if (!isOther && !isSetAside(object.key.slice(prefix.length))) objects.push(object);
    }
  }
  return succeed(objects);
}

/** A manifest of a database with a hundred thousand tables has as much; no more of one is ever held in memory. */
const mostTextBytes = 32 * 2 ** 20;

/** A small object as text: a manifest. */
export async function readText(
  store: Pick<StoreLooks, 'address' | 'read'>,
  key: string,
): Promise<Outcome<string>> {
  const bytes = await readBytes(store, { key, mostBytes: mostTextBytes });
  return bytes.ok ? succeed(bytes.value.toString('utf8')) : bytes;
}

/** Whole, in memory: what comes out of a store may be as long as somebody likes, so it ends at `mostBytes`. */
export async function readBytes(
  store: Pick<StoreLooks, 'address' | 'read'>,
  { key, mostBytes }: { readonly key: string; readonly mostBytes: number },
): Promise<Outcome<Buffer>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const whole = await readThrough(store, {
    key,
    see: (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      return bytes <= mostBytes;
    },
  });
  if (!whole.ok) return whole;
  return whole.value ? succeed(Buffer.concat(chunks)) : fail(tooLong(`${store.address}/${key}`, mostBytes));
}

/** SHA-256 of an object of any length. */
export async function digestOf(store: StoreLooks, key: string): Promise<Outcome<string>> {
  const hash = createHash('sha256');
  const whole = await readThrough(store, {
    key,
    see: (chunk) => {
      hash.update(chunk);
      return true;
    },
  });
  return whole.ok ? succeed(hash.digest('hex')) : whole;
}

/** @param what.see false: enough. @returns whether it came to the end. */
async function readThrough(
  store: Pick<StoreLooks, 'address' | 'read'>,
  { key, see }: { readonly key: string; readonly see: (chunk: Buffer) => boolean },
): Promise<Outcome<boolean>> {
  const reading = await store.read({ key });
  if (!reading.ok) return reading;
  try {
    // Leaving the loop closes the body.
    for await (const chunk of reading.value.body) if (!see(chunk as Buffer)) return succeed(false);
  } catch (error) {
    return fail(brokenBodyFailure(`read ${key} from ${store.address}`, error));
  }
  return succeed(true);
}

function tooLong(what: string, mostBytes: number) {
  return {
    code: 'damaged',
    message: `${what} is longer than ${formatBytes(mostBytes)}, and nothing of its kind is.`,
    remedy: 'Find out who wrote it, or choose another snapshot.',
    retry: 'after-fix',
  } as const;
}

/** Whose credentials a store is opened with, where the runbook leaves that to this host. */
export function sayCredentials(
  store: { readonly address: string },
  { credentials }: StoreAccess,
): readonly Check[] {
  return credentials === undefined ? [] : [passed(`${store.address} is opened with ${credentials}`)];
}
