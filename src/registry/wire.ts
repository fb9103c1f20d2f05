import { AsyncLocalStorage } from 'node:async_hooks';
import { createDiskHost } from '../adapters/disk/disk-host.ts';
import { openMailTools } from '../adapters/mail/open-mail-tools.ts';
import { createProcessRunner } from '../adapters/process/execa-process-runner.ts';
import { openHostPrograms } from '../adapters/process/host-programs.ts';
import { openSopsSecretFiles } from '../adapters/sops/sops-secret-files.ts';
import { createFileTrees } from '../adapters/tree/file-trees.ts';
import { succeed } from '../base/failure.ts';
import { shellLine } from '../base/quoting.ts';
import type { Secret } from '../base/secret.ts';
import { openClusterTools } from '../databases/cluster/open-cluster-tools.ts';
import { openDatabaseServer } from '../databases/postgres/pg-database-server.ts';
import { openDumpTools } from '../databases/postgres/pg-dump-tools.ts';
import { openContainerRoute } from '../databases/route/open-container-route.ts';
import { describeIdentities } from '../layers/age/read-identities.ts';
import { openPacker } from '../layers/open-packer.ts';
import { openUnpacker } from '../layers/open-unpacker.ts';
import { kindOf } from '../platform/declare-fields.ts';
import type { DatabaseLogin, LoginOfUrl } from '../ports/database-rights.ts';
import type { DatabaseRoute, DatabaseRouteConfig } from '../ports/database-route.ts';
import type { DatabaseServer, Lease } from '../ports/database-server.ts';
import type { DumpTools } from '../ports/dump-tools.ts';
import type { ObjectStore, ObjectStoreConfig } from '../ports/object-store.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { Services } from '../ports/services.ts';
import type { ProgramObserver, StoreLooks, World } from '../ports/world.ts';
import { routes as routeKinds, services as servicesKinds } from '../services/list.ts';
import { nameStore } from '../stores/list.ts';
import { keyOfStore, openStore } from '../stores/open-store.ts';
import { withPatience } from '../stores/with-retries.ts';
import { withSharedListings } from '../stores/with-shared-listings.ts';
import { guardClusters, guardHost, guardServer, guardStore, guardTrees } from './with-permits.ts';

/** Fills the world with the real adapters. Each server and store is opened once, however many steps ask for it. */
export function createWorld(environment: Readonly<Record<string, string | undefined>>): World {
  const { processes, within } = watchProcesses(createProcessRunner());
  const servers = new Map<string, DatabaseServer>();
  const stores = new Map<string, ObjectStore>();
  const routes = new Map<string, DatabaseRoute>();
  const routedTools = new Map<string, DumpTools>();
  const openRoute = (config: DatabaseRouteConfig | undefined) => {
    if (config === undefined) return undefined;
    const key = JSON.stringify(config);
    const known = routes.get(key);
    if (known !== undefined) return known;
    const container = kindOf(routeKinds, config).open(config, { processes, environment });
    return container === undefined ? undefined : keep(routes, key, () => openContainerRoute(container));
  };
  const world: World = {
    host: guardHost(createDiskHost({ env: environment })),
    processes,
    hostPrograms: openHostPrograms(environment),
    within,
    clusters: guardClusters(openClusterTools({ processes })),
    mail: openMailTools(),
    trees: guardTrees(createFileTrees()),
    secretFiles: openSopsSecretFiles({ processes, describeKey: describeIdentities }),
    nameStore,
    openStore: (config) =>
      keep(stores, keyOfStore(config), () => guardStore(openStore(config, { processes }))),
    openDatabaseServer: (url, ...[config, login]) =>
      keep(servers, serverKey(url, config, login), () =>
        withOneLease(guardServer(openDatabaseServer({ url, route: openRoute(config), login }))),
      ),
    openDumpTools(url, ...[config, login]) {
      const route = openRoute(config);
      const open = () => openDumpTools({ url, processes, route, login });
      // On this host a missing program may be installed while a step waits to be tried again, so it is looked for each time.
      return route === undefined ? open() : keep(routedTools, serverKey(url, config, login), open);
    },
    openUnpacker: (keys) => openUnpacker({ keys, processes }),
    openPacker: (config) => openPacker({ config, processes }),
    openServices: (config) => kindOf(servicesKinds, config).open(config, { processes, environment }),
    look() {
      const seen = new Map<string, StoreLooks>();
      const once = (config: ObjectStoreConfig) =>
        keep(seen, keyOfStore(config), () => withSharedListings(world.openStore(config)));
      return { ...world, openStore: once, openServices: openServicesOnce(world) };
    },
    patient: (wait) => ({
      ...world,
      openStore: (config) => withPatience(world.openStore(config), wait),
      openServices: openServicesOnce(world),
    }),
    async close() {
      for (const store of stores.values()) store.close();
      await Promise.all([...servers.values()].map((server) => server.close()));
    },
  };
  return world;
}

/** For one look at everything, or one step: what the files of services say is asked once for all who want to know. */
function openServicesOnce(world: Pick<World, 'openServices'>): World['openServices'] {
  const opened = new Map<string, Services>();
  return (config) => keep(opened, JSON.stringify(config), () => world.openServices(config));
}

function keep<T>(opened: Map<string, T>, ...[key, open]: [string, () => T]): T {
  const known = opened.get(key);
  if (known !== undefined) return known;
  const fresh = open();
  opened.set(key, fresh);
  return fresh;
}

/** The credentials are part of what a server is. */
function serverKey(
  url: Secret,
  ...[config, login]: [DatabaseRouteConfig | undefined, DatabaseLogin | LoginOfUrl | undefined]
): string {
  const who =
    login === undefined || 'ofUrl' in login
      ? (login?.ofUrl.reveal() ?? '')
      : `${login.user} ${login.password.reveal()}`;
  return `${url.reveal()} ${JSON.stringify(config)} ${who}`;
}

/** Asked for again before each act that must be alone: what is still held is not taken twice, what was lost is taken anew. */
function withOneLease(server: DatabaseServer): DatabaseServer {
  const leases = new Map<string, Lease>();
  return {
    ...server,
    async lease(name) {
      const held = leases.get(name);
      if (held !== undefined && (await held.isHeld())) return succeed(held);
      await held?.release();
      const lease = await server.lease(name);
      if (lease.ok) leases.set(name, lease.value);
      return lease;
    },
    async close() {
      for (const lease of leases.values()) await lease.release();
      await server.close();
    },
  };
}

/**
 * Tells whoever is asking which programs ran and how they ended. A store or a server is opened once and serves many steps, some of them side
 * by side, so the observer travels with the asynchronous call, not with the object.
 */
function watchProcesses(processes: ProcessRunner) {
  const scope = new AsyncLocalStorage<ProgramObserver>();
  const watched: ProcessRunner = {
    async run(request) {
      const observe = scope.getStore();
      if (observe === undefined) return processes.run(request);
      const startMs = performance.now();
      const outcome = await processes.run(request);
      const command = shellLine([request.program, ...request.args]);
      const durationMs = Math.round(performance.now() - startMs);
      await observe(
        outcome.ok
          ? { command, durationMs, exitCode: outcome.value.exitCode }
          : { command, durationMs, because: outcome.failure.code },
      );
      return outcome;
    },
  };
  return {
    processes: watched,
    within: <T>(observer: ProgramObserver, work: () => Promise<T>): Promise<T> => scope.run(observer, work),
  };
}
