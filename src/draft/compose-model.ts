import { join } from 'node:path';

/** What a service has of the host: a folder by its path, or a volume by the name that the file gives it. */
export type Mount = {
  readonly kind: 'folder' | 'volume';
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
};

export type ComposeService = {
  readonly name: string;
  /** Empty where it is built here. */
  readonly image: string;
  /** With variables filled; one without a value is empty. It may hold secrets. Without what its env files say. */
  readonly environment: ReadonlyMap<string, string>;
  /** Where a value is one variable of Compose and nothing else, which: POSTGRES_PASSWORD -> DB_PASSWORD. */
  readonly variables: ReadonlyMap<string, string>;
  /** As they are written. */
  readonly envFiles: readonly string[];
  readonly needs: readonly string[];
  readonly mounts: readonly Mount[];
  /** Where this host reaches it; a port that Docker chooses anew each time is none. */
  readonly ports: readonly PublishedPort[];
  /** The page that its health check asks from inside. */
  readonly healthPage?: { readonly port: number; readonly path: string; readonly isTls: boolean };
  /** What it takes over from a service of this file, or of another one as it is written. */
  readonly base?: { readonly service: string; readonly file?: string };
};

export type PublishedPort = { readonly host: string; readonly published: number; readonly target: number };

export type ComposeModel = {
  readonly name?: string;
  readonly services: readonly ComposeService[];
  /** Other files that belong to it (`include`), as they are written. */
  readonly includes: readonly ComposeInclude[];
};

export type ComposeInclude = {
  /** Each laid over the one before it. */
  readonly files: readonly string[];
  /** Left out: the folder of the first file. */
  readonly folder?: string;
  /** Left out: `.env` in that folder. */
  readonly envFiles?: readonly string[];
};

/** As Compose lays a second file over the first: what it says of a service counts, the rest stays. */
export function mergeModels(models: readonly ComposeModel[]): ComposeModel {
  const services = new Map<string, ComposeService>();
  for (const one of models.flatMap((model) => model.services)) {
    const before = services.get(one.name);
    services.set(one.name, before === undefined ? one : mergeServices(before, one));
  }
  const name = models.findLast((model) => model.name !== undefined)?.name;
  return { ...(name === undefined ? {} : { name }), services: [...services.values()], includes: [] };
}

/**
 * A file whose paths count from another folder than the project's, with paths from the project's.
 *
 * @param way from the project's folder to that one; empty where they are the same.
 */
export function standingIn(model: ComposeModel, way: string): ComposeModel {
  if (way === '') return model;
  const there = (path: string) => (/^[/~]/.test(path) ? path : `./${join(way, path)}`);
  return {
    ...model,
    services: model.services.map((service) => ({
      ...service,
      envFiles: service.envFiles.map(there),
      mounts: service.mounts.map((mount) =>
        mount.kind === 'folder' ? { ...mount, source: there(mount.source) } : mount,
      ),
    })),
  };
}

/** What a service says itself counts over what it takes from its base, as with `extends`. */
export function overBase(service: ComposeService, base: ComposeService | undefined): ComposeService {
  const { base: _, ...own } = service;
  return base === undefined ? own : { ...mergeServices(base, own), name: service.name };
}

/** What the env files of each service say, in their order, under what the compose file says. */
export function withEnvFiles(
  model: ComposeModel,
  valuesOf: (envFile: string) => ReadonlyMap<string, string> | undefined,
): ComposeModel {
  return {
    ...model,
    services: model.services.map((service) => ({
      ...service,
      environment: new Map([
        ...service.envFiles.flatMap((file) => [...(valuesOf(file) ?? [])]),
        ...service.environment,
      ]),
    })),
  };
}

function mergeServices(under: ComposeService, over: ComposeService): ComposeService {
  const targets = new Set(over.mounts.map(({ target }) => target));
  const healthPage = over.healthPage ?? under.healthPage;
  return {
    name: under.name,
    image: over.image || under.image,
    environment: new Map([...under.environment, ...over.environment]),
    variables: new Map([...under.variables, ...over.variables]),
    envFiles: [...under.envFiles, ...over.envFiles],
    needs: [...new Set([...under.needs, ...over.needs])],
    mounts: [...under.mounts.filter(({ target }) => !targets.has(target)), ...over.mounts],
    ports: [...under.ports, ...over.ports],
    ...(healthPage === undefined ? {} : { healthPage }),
  };
}
