import type { Outcome } from '../base/failure.ts';
import type { Permit } from '../base/permit.ts';
import type { ClusterPlace, ClusterTools } from './cluster-tools.ts';
import type { KnownDatabase, MarkedDatabase, Rename } from './database-server.ts';
import type { Swapping } from './file-trees.ts';
import type { Replaced } from './object-store.ts';
import type { ServerLooks } from './world.ts';

/** What a run makes carries its mark. `begun`: the journal knows that it was about to make it, and may not have come to the mark. */
type Made = { readonly name: string; readonly begun: boolean };

/** A question of this run for an exact name; the journal tells whether that name was typed. */
type Agreed = { readonly agreedIn: string };

/**
 * The one look before each act that destroys. It gives leave for what the run made itself, and for what is somebody's only where the
 * operator typed its name; otherwise a failure, and the thing stays.
 */
export type Guard = {
  /** Undefined where there is no such database. `conflict` where it is not of this run. */
  dropDatabase(server: ServerLooks, made: Made): Promise<Outcome<Permit<KnownDatabase> | undefined>>;
  /**
   * What a drill that is over could not take away itself, told by its mark and by its name. The lease keeps it from one that is still at
   * work.
   */
  dropLeftover(
    server: ServerLooks,
    left: MarkedDatabase,
  ): Promise<Outcome<Permit<KnownDatabase> | undefined>>;
  /** Where the database that the server's URL names is among those that lose their name, it has to be agreed. */
  renameDatabases(
    server: ServerLooks,
    of: { readonly renames: readonly Rename[] } & Agreed,
  ): Promise<Outcome<Permit<readonly Rename[]>>>;
  overwriteObject(of: { readonly object: Replaced } & Agreed): Outcome<Permit<Replaced>>;
  /** An object, or all below a key that ends in a slash: only what lies below a name of this run. */
  removeObject(key: string): Outcome<Permit<string>>;
  /** A folder that is there already goes out only where that was agreed. */
  replaceFolder(of: { readonly swapping: Swapping } & Agreed): Outcome<Permit<Swapping>>;
  /** Only a folder with the mark of this run in its name, or in its work folder. */
  removeFolder(path: string): Outcome<Permit<string>>;
  /** Only a file of the work folder. */
  removeFile(path: string): Outcome<Permit<string>>;
  /** `conflict` where something of somebody else is in its place. */
  removeCluster(
    clusters: Pick<ClusterTools, 'look'>,
    place: ClusterPlace,
  ): Promise<Outcome<Permit<ClusterPlace>>>;
};

/** The guard of `thaw finish`: leave for what a run kept of before, by its mark and by the name that was typed. */
export type KeptGuard = {
  /** Undefined where it is gone. */
  dropDatabase(
    server: ServerLooks,
    kept: { readonly name: string; readonly oid: number | undefined },
  ): Promise<Outcome<Permit<KnownDatabase> | undefined>>;
  removeFolder(path: string): Outcome<Permit<string>>;
  /** @param prefix what was typed; the key lies below it. */
  removeObject(key: string, prefix: string): Outcome<Permit<string>>;
};
