import type { World, WorldNames } from '../ports/world.ts';

/**
 * The world by its names alone: all that a preview is given, and all that there is at the table. What it says comes from the same places
 * as in a real run, so the commands at the table are the ones that would run; there is nothing in it that could be asked or changed.
 */
export function nameWorld(world: World): WorldNames {
  const { host, secretFiles } = world;
  return {
    host: { facts: host.facts, now: () => host.now() },
    secretFiles: { describe: (sealed) => secretFiles.describe(sealed) },
    nameStore: (config) => world.nameStore(config),
    openStore: (config) => ({ address: world.nameStore(config).address }),
    openDatabaseServer: (...place) => {
      // Without its value a URL is only the name of an input: no secret, and nothing that could be taken apart.
      const text = place[0].reveal();
      if (isUnfilled(text)) return { address: text, databaseName: 'DATABASE' };
      const { address, databaseName } = world.openDatabaseServer(...place);
      return { address, databaseName };
    },
    openDumpTools: (...place) => {
      const tools = world.openDumpTools(...place);
      return {
        describeRestore: (request) => tools.describeRestore(request),
        describeDump: (request) => tools.describeDump(request),
      };
    },
    openServices: (config) => {
      const services = world.openServices(config);
      return {
        address: services.address,
        describe: (action, names) => services.describe(action, names),
      };
    },
  };
}

function isUnfilled(text: string): boolean {
  return /\$\{[A-Z]/.test(text);
}
