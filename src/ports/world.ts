import type { Secret } from '../base/secret.ts';
import type { ClusterTools } from './cluster-tools.ts';
import type { DatabaseRouteConfig } from './database-route.ts';
import type { DatabaseServer } from './database-server.ts';
import type { DumpTools } from './dump-tools.ts';
import type { FileTrees } from './file-trees.ts';
import type { Host } from './host.ts';
import type { ObjectStore, ObjectStoreConfig } from './object-store.ts';
import type { Packer, PackerConfig } from './packer.ts';
import type { ProcessRunner } from './process-runner.ts';
import type { Services, ServicesConfig } from './services.ts';
import type { KeyConfig, Unpacker } from './unpacker.ts';

/** Everything outside: what the steps may ask for. `cli/wire.ts` fills it with adapters, tests with fakes. */
export type World = {
  readonly host: Host;
  readonly processes: ProcessRunner;
  readonly clusters: ClusterTools;
  readonly trees: FileTrees;
  openStore(config: ObjectStoreConfig): ObjectStore;
  /** @param url a postgresql:// URL; a secret, since it carries a password. */
  openDatabaseServer(url: Secret, route?: DatabaseRouteConfig): DatabaseServer;
  openDumpTools(url: Secret, route?: DatabaseRouteConfig): DumpTools;
  openUnpacker(config: KeyConfig): Unpacker;
  openPacker(config: PackerConfig): Packer;
  openServices(config: ServicesConfig): Services;
  /** Closes every connection opened so far. */
  close(): Promise<void>;
};
