import { shorten } from '../backups/compare-inventories.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { Permit } from '../base/permit.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import type { DatabaseServer } from '../ports/database-server.ts';
import type { FileTrees } from '../ports/file-trees.ts';
import type { KeptGuard } from '../ports/guard.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { listAll } from './open-targets.ts';

/** One thing that a run keeps for a roll-back. */
export type KeptThing = {
  /** What has to be typed: a database, a folder, a prefix. */
  readonly name: string;
  readonly what: 'database' | 'folder' | 'prefix of objects';
  /** For people: how big it is, and where. */
  readonly about: string;
  /** @returns what stays of it all the same, in words. */
  remove(guard: KeptGuard): Promise<Outcome<string | undefined>>;
};

/** @returns undefined where it is gone: dropped by an earlier call, or by hand. */
export async function keptDatabase(
  server: DatabaseServer,
  of: { readonly name: string; readonly oid: number | undefined },
): Promise<Outcome<KeptThing | undefined>> {
  const { name, oid } = of;
  const found = await server.describeDatabase(name);
  if (!found.ok || found.value === undefined) return found.ok ? succeed(undefined) : found;
  if (oid !== undefined && found.value.oid !== oid) return fail(another(name, server.address));
  return succeed({
    name,
    what: 'database',
    about: `${formatBytes(found.value.sizeBytes)} on ${server.address}`,
    remove: async (guard) => using(await guard.dropDatabase(server, { name, oid }), server.dropDatabase),
  });
}

/** @param of.inPlace what stands in its place; without that the kept one may be the only one. */
export async function keptFolder(
  trees: FileTrees,
  of: { readonly path: string; readonly inPlace: string },
): Promise<Outcome<KeptThing | undefined>> {
  const { path, inPlace } = of;
  const there = await trees.exists(path);
  if (!there.ok || !there.value) return there.ok ? succeed(undefined) : there;
  const replaced = await trees.exists(inPlace);
  if (!replaced.ok) return replaced;
  if (!replaced.value) return fail(nothingInPlace(path, inPlace));
  return succeed({
    name: path,
    what: 'folder',
    about: 'on this host',
    remove: async (guard) => using(guard.removeFolder(path), trees.removeFolder),
  });
}

/** An object is kept below the prefix, under its own key. Where nothing stands under that key any more, the kept one stays. */
export async function keptObjects(
  store: ObjectStore,
  prefix: string,
): Promise<Outcome<KeptThing | undefined>> {
  const listed = await listAll(store, prefix);
  if (!listed.ok || listed.value.length === 0) return listed.ok ? succeed(undefined) : listed;
  return succeed({
    name: prefix,
    what: 'prefix of objects',
    about: `${formatCount(listed.value.length)} objects in ${store.address}`,
    async remove(guard) {
      let hidden = 0;
      const last: string[] = [];
      for (const { key } of listed.value) {
        const inPlace = await store.describe(key.slice(prefix.length));
        if (!inPlace.ok) return inPlace;
        if (inPlace.value === undefined) {
          last.push(key.slice(prefix.length));
          continue;
        }
        const permit = guard.removeObject(key, prefix);
        const removed = permit.ok ? await store.remove(permit.value) : permit;
        if (!removed.ok) return removed;
        if (removed.value === 'hidden') hidden += 1;
      }
      const stays = [
        ...(last.length === 0
          ? []
          : [
              `${formatCount(last.length)} objects stay below ${prefix}: nothing stands in their place any more (${shorten(last)})`,
            ]),
        ...(hidden === 0
          ? []
          : [
              `the bucket keeps versions: ${formatCount(hidden)} objects are hidden and still take their room`,
            ]),
      ];
      return succeed(stays.length === 0 ? undefined : stays.join('; '));
    },
  });
}

async function using<What>(
  permit: Outcome<Permit<What> | undefined>,
  act: (permit: Permit<What>) => Promise<Outcome<void>>,
): Promise<Outcome<undefined>> {
  if (!permit.ok) return permit;
  const done = permit.value === undefined ? succeed(undefined) : await act(permit.value);
  return done.ok ? succeed(undefined) : done;
}

function nothingInPlace(path: string, inPlace: string): Failure {
  return {
    code: 'conflict',
    message: `${inPlace} is not there any more, so ${path} may be the only one. It stays.`,
    remedy: `Find out who took ${inPlace} away; move ${path} there if it is needed, or remove it by hand if it is not.`,
    retry: 'after-fix',
  };
}

function another(name: string, address: string): Failure {
  return {
    code: 'conflict',
    message: `${name} on ${address} is another database than the one that this run kept. It stays.`,
    remedy: `Find out who put it there; drop ${name} by hand if nobody needs it.`,
    retry: 'never',
  };
}
