import type { World } from '../../src/ports/world.ts';
import { nameStore } from '../../src/stores/list.ts';
import { createFakeHost } from './fake-host.ts';

/** What only names a thing, and reaches nowhere. */
const naming: Readonly<Record<string, unknown>> = {
  address: 's3://named/only',
  databaseName: 'crm',
  describe: (what: string | object, names: readonly string[] = []) =>
    typeof what === 'string' ? `${what} ${names.join(' ')}` : 'sops --decrypt',
  describeRestore: ({ file, database }: { readonly file: string; readonly database: string }) =>
    `pg_restore --dbname ${database} ${file}`,
  describeDump: () => 'pg_dump',
};

/** A world whose every door throws. Only the clock goes, and the host knows its own name. */
export function createBarredWorld(): World {
  const host = createFakeHost();
  const barred = (door: string, open: readonly string[]) =>
    new Proxy(
      {},
      {
        get(_target, name) {
          if (open.includes(String(name))) return naming[String(name)];
          throw new Error(`The door ${door}.${String(name)} is barred`);
        },
      },
    );
  return {
    host: { ...(barred('host', []) as object), facts: host.facts, now: host.now, clock: host.clock },
    processes: barred('processes', []),
    clusters: barred('clusters', []),
    trees: barred('trees', []),
    secretFiles: barred('secret files', ['describe']),
    nameStore,
    openStore: () => barred('store', ['address']),
    openDatabaseServer: () => barred('database', ['address', 'databaseName']),
    openDumpTools: () => barred('tools', ['describeRestore', 'describeDump']),
    openUnpacker: () => barred('unpacker', []),
    openPacker: () => barred('packer', []),
    openServices: () => barred('services', ['address', 'describe']),
    close: async () => undefined,
  } as unknown as World;
}
