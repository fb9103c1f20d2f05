import type { DatabaseServer } from '../ports/database-server.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { World } from '../ports/world.ts';

/**
 * The world of a tabletop: things can be named and nothing can be asked. What a preview says comes from the same places as in a
 * real run, so the commands at the table are the ones that would run; everything else behind a door is a bug.
 */
export function closeDoors(world: World): World {
  return {
    ...bar(world),
    host: keepOnly(world.host, { door: 'host', open: ['facts', 'now'] }),
    secretFiles: keepOnly(world.secretFiles, { door: 'secret files', open: ['describe'] }),
    nameStore: (config) => world.nameStore(config),
    // Its name is known without it, and nothing else of a store is asked for here.
    openStore: (config) =>
      keepOnly({ address: world.nameStore(config).address } as ObjectStore, {
        door: 'store',
        open: ['address'],
      }),
    openDatabaseServer: (...place) => {
      // Without its value a URL is only the name of an input: no secret, and nothing that could be taken apart.
      const text = place[0].reveal();
      const named = isUnfilled(text)
        ? ({ address: text, databaseName: 'DATABASE' } as DatabaseServer)
        : world.openDatabaseServer(...place);
      return keepOnly(named, { door: 'database', open: ['address', 'databaseName'] });
    },
    openDumpTools: (...place) =>
      keepOnly(world.openDumpTools(...place), {
        door: 'dump tools',
        open: ['describeRestore', 'describeDump'],
      }),
    openServices: (config) =>
      keepOnly(world.openServices(config), { door: 'services', open: ['address', 'describe'] }),
    close: () => world.close(),
  };
}

/** Whatever the world has or will have: closed unless somebody opens it above. */
function bar(world: World): World {
  const barred = Object.entries(world).map(([door, port]) => [
    door,
    typeof port === 'function'
      ? () => keepOnly({}, { door, open: [] })
      : keepOnly(Object(port), { door, open: [] }),
  ]);
  return Object.fromEntries(barred) as World;
}

function isUnfilled(text: string): boolean {
  return /\$\{[A-Z]/.test(text);
}

/** A port with most of it walled up. It looks like the port to the compiler and throws whatever else is asked of it. */
function keepOnly<T extends object>(
  port: T,
  { door, open }: { readonly door: string; readonly open: readonly (keyof T & string)[] },
): T {
  const allowed: ReadonlySet<string | symbol> = new Set(open);
  return new Proxy(port, {
    get(target, name) {
      if (allowed.has(name)) return Reflect.get(target, name);
      throw new Error(`Broken promise: a tabletop asks ${door} for ${String(name)}`);
    },
  });
}
