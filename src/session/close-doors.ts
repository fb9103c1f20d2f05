import type { DatabaseServer } from '../ports/database-server.ts';
import type { ObjectStore } from '../ports/object-store.ts';
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
    openStore: (config) => {
      const named = isUnfilled(config.kind === 's3' ? config.endpoint + config.bucket : '')
        ? ({
            address: config.kind === 's3' ? `s3://${config.bucket} at ${config.endpoint}` : '',
          } as ObjectStore)
        : world.openStore(config);
      return keepOnly(named, { door: 'store', open: ['address'] });
    },
    openDatabaseServer: (...place) => {
      // Without its value a URL is only the name of an input: no secret, and nothing that could be taken apart.
      const text = place[0].reveal();
      const named = isUnfilled(text)
        ? ({ address: text, databaseName: `‹name in ${text}›` } as DatabaseServer)
        : world.openDatabaseServer(...place);
      return keepOnly(named, { door: 'database', open: ['address', 'databaseName'] });
    },
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
