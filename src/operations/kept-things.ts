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

export async function keptFolder(trees: FileTrees, path: string): Promise<Outcome<KeptThing | undefined>> {
  const there = await trees.exists(path);
  if (!there.ok || !there.value) return there.ok ? succeed(undefined) : there;
  return succeed({
    name: path,
    what: 'folder',
    about: 'on this host',
    remove: async (guard) => using(guard.removeFolder(path), trees.removeFolder),
  });
}

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
      for (const { key } of listed.value) {
        const permit = guard.removeObject(key, prefix);
        const removed = permit.ok ? await store.remove(permit.value) : permit;
        if (!removed.ok) return removed;
        if (removed.value === 'hidden') hidden += 1;
      }
      return succeed(
        hidden === 0
          ? undefined
          : `the bucket keeps versions: ${formatCount(hidden)} objects are hidden and still take their room`,
      );
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

function another(name: string, address: string): Failure {
  return {
    code: 'conflict',
    message: `${name} on ${address} is another database than the one that this run kept. It stays.`,
    remedy: `Find out who put it there; drop ${name} by hand if nobody needs it.`,
    retry: 'never',
  };
}
