import type { World } from '../ports/world.ts';

/**
 * The world of a tabletop: things can be named and nothing can be asked. What a preview says comes from the same places as in a
 * real run, so the commands at the table are the ones that would run; everything else behind a door is a bug.
 */
export function closeDoors(world: World): World {
  return {
    host: keepOnly(world.host, { door: 'host', open: ['facts', 'now'] }),
    processes: keepOnly(world.processes, { door: 'processes', open: [] }),
    clusters: keepOnly(world.clusters, { door: 'clusters', open: [] }),
    trees: keepOnly(world.trees, { door: 'trees', open: [] }),
    openStore: (config) => keepOnly(world.openStore(config), { door: 'store', open: ['address'] }),
    openDatabaseServer: (...place) =>
      keepOnly(world.openDatabaseServer(...place), { door: 'database', open: ['address', 'databaseName'] }),
    openDumpTools: (...place) =>
      keepOnly(world.openDumpTools(...place), {
        door: 'dump tools',
        open: ['describeRestore', 'describeDump'],
      }),
    openUnpacker: (config) => keepOnly(world.openUnpacker(config), { door: 'unpacker', open: [] }),
    openPacker: (config) => keepOnly(world.openPacker(config), { door: 'packer', open: [] }),
    openServices: (config) =>
      keepOnly(world.openServices(config), { door: 'services', open: ['address', 'describe'] }),
    close: () => world.close(),
  };
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
