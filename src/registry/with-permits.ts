import { spending } from '../base/permit.ts';
import type { ClusterDriver, ClusterTools } from '../ports/cluster-tools.ts';
import type { DatabaseDriver, DatabaseServer } from '../ports/database-server.ts';
import type { FileTrees, TreesDriver } from '../ports/file-trees.ts';
import type { Host, HostDriver } from '../ports/host.ts';
import type { ObjectStore, StoreDriver } from '../ports/object-store.ts';

/** Drivers know of no permits. What destroys is reached through these, so that each permit is spent before its act begins. */

export function guardStore(store: StoreDriver): ObjectStore {
  return {
    ...store,
    remove: spending(store.remove),
    removeFolder: spending(store.removeFolder),
    write({ over, ...request }) {
      over?.spend();
      return store.write(request);
    },
  };
}

export function guardServer(server: DatabaseDriver): DatabaseServer {
  return {
    ...server,
    dropDatabase: spending(server.dropDatabase),
    renameDatabases: spending(server.renameDatabases),
  };
}

export function guardTrees(trees: TreesDriver): FileTrees {
  return { ...trees, swap: spending(trees.swap), removeFolder: spending(trees.removeFolder) };
}

export function guardClusters(clusters: ClusterDriver): ClusterTools {
  return { ...clusters, remove: spending(clusters.remove) };
}

export function guardHost(host: HostDriver): Host {
  return { ...host, removeFile: spending(host.removeFile) };
}
