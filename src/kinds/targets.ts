import { createSecret, type Secret } from '../base/secret.ts';
import { parseDuration } from '../base/units.ts';
import { kindOf } from '../platform/declare-fields.ts';
import type { ClusterBackupsConfig, ClusterPlace } from '../ports/cluster-tools.ts';
import type { DatabaseLogin } from '../ports/database-rights.ts';
import type { DatabaseRouteConfig } from '../ports/database-route.ts';
import type { ObjectStoreConfig } from '../ports/object-store.ts';
import type { ServicesConfig } from '../ports/services.ts';
import type { KeyConfig } from '../ports/unpacker.ts';
import { routes } from '../services/list.ts';

/** Where things are in this run, with every placeholder filled and every credential in a closed box. */
export type Targets = {
  readonly backups: {
    readonly store: ObjectStoreConfig;
    readonly layout: string;
    readonly host: string | undefined;
    /** The one to take out of a dump of a whole server; left out: that of production. */
    readonly database?: string | undefined;
    /** Every dump is: one that is not is in doubt. */
    readonly encrypted?: boolean | undefined;
    /** Whose backups these are: what a signed manifest has to say. */
    readonly system?: string | undefined;
    /** Who may have made one; anybody where nobody is named. */
    readonly signers?: string | undefined;
    readonly objectsPrefix: string | undefined;
    readonly cluster?: ClusterBackupsConfig | undefined;
    /** Where other people's scripts write the digest of a dump. */
    readonly metadata?: { readonly ending: string; readonly sha256: string } | undefined;
    /** schema.table: a dump without one of them is refused. */
    readonly expectTables?: readonly string[];
    /** Whole when left out. A schema is drilled and never restored. */
    readonly contents?: 'whole' | 'schema';
    readonly key: KeyConfig;
  };
  readonly production: Place;
  /** What this run acts on: production itself in a live run, the drill's own places in a drill. */
  readonly target: Place;
};

export type Place = {
  readonly databaseUrl: Secret;
  /** A URL that names another database is refused. */
  readonly expectedDatabase?: string | undefined;
  /** Left out: straight from this host. */
  readonly databaseRoute?: DatabaseRouteConfig;
  /** Made once by an administrator: restores dumps where our user may make no role. */
  readonly cell?: DatabaseLogin;
  /** Of a drill: its throwaway database may stand on the server of production. */
  readonly besideProduction?: boolean;
  /** Of a drill that names no server: where it makes one of its own on this host. The URL leads there. */
  readonly throwaway?: ClusterPlace;
  readonly objects: ObjectStoreConfig | undefined;
  readonly services: ServicesConfig | undefined;
  readonly envFile: string | undefined;
};

/** Which of the fields is a credential only its kind knows: all of them travel in closed boxes. */
export function resolveStore({ kind, ...fields }: ObjectStoreConfig): ObjectStoreConfig {
  const boxed = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? createSecret(value) : value,
  ]);
  return { ...Object.fromEntries(boxed), kind };
}

/** A folder of this host, read and written as a store. */
export function folderStore(path: string): ObjectStoreConfig {
  return { kind: 'directory', path };
}

/** The schema has already refused what is not a duration. */
export function durationMs(text: string): number {
  return parseDuration(text) ?? 0;
}

/**
 * The service among those to be stopped in whose container the database is reached: with it the way to the database would go, and
 * mostly the database itself. Undefined where there is none.
 */
export function serviceOnRoute(of: {
  readonly services: ServicesConfig | undefined;
  readonly via: DatabaseRouteConfig | undefined;
  readonly names: readonly string[];
}): string | undefined {
  const { services: among, via, names } = of;
  if (among === undefined || via === undefined || among.kind !== via.kind) return undefined;
  return kindOf(routes, via).serviceOnIt(via, { services: among, names });
}
