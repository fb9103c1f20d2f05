import { parseDocument } from 'yaml';
import { z } from 'zod';
import { type EnvLookup, expandVariables } from '../base/env-variables.ts';
import { errorWords } from '../base/thrown.ts';

/** What a service has of the host: a folder by its path, or a volume by the name that the file gives it. */
type Mount = {
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
};

export type ComposeModel = { readonly name?: string; readonly services: readonly ComposeService[] };

type Source = {
  readonly text: string;
  /** Of `.env` beside the file and of the environment, as Compose fills its variables. */
  readonly lookup: EnvLookup;
};

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const words = z.array(z.string().catch('')).catch([]);
const namesOf = z.union([
  z.array(z.string()),
  z.record(z.string(), z.unknown()).transform((all) => Object.keys(all)),
]);

const serviceSchema = z.object({
  image: z.string().catch(''),
  environment: z.union([z.record(z.string(), scalar), z.array(z.string()).transform(fromList)]).catch({}),
  env_file: z
    .union([
      z.string().transform((one) => [one]),
      z.array(z.union([z.string(), z.object({ path: z.string() })])),
    ])
    .catch([]),
  depends_on: namesOf.catch([]),
  links: words,
  volumes: z
    .array(
      z.union([
        z.string(),
        z.object({
          type: z.string().catch('volume'),
          source: z.string().catch(''),
          target: z.string().catch(''),
          read_only: z.boolean().catch(false),
        }),
      ]),
    )
    .catch([]),
});

const fileSchema = z.object({
  name: z.string().optional().catch(undefined),
  services: z.record(z.string(), serviceSchema.nullable().catch(null)).catch({}),
});

type WrittenService = z.output<typeof serviceSchema>;

/**
 * One compose file, as far as a runbook is drafted from it. Compose itself is not asked: its programs may not be here yet. What a file
 * takes from others (`extends`, `include`) is not followed.
 *
 * @returns words for a file that is no YAML.
 */
export function readComposeFile(source: Source): ComposeModel | { readonly fault: string } {
  const document = parseDocument(source.text, { merge: true, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) return { fault: error.message.split('\n')[0] ?? error.message };
  let value: unknown;
  try {
    value = document.toJS();
  } catch (thrown) {
    return { fault: errorWords(thrown) };
  }
  const read = fileSchema.safeParse(value);
  if (!read.success) return { fault: 'it has no services' };
  const { name, services } = read.data;
  return {
    ...(name === undefined ? {} : { name: expand(name, source.lookup) }),
    services: Object.entries(services).flatMap(([service, written]) =>
      written === null ? [] : [toService(service, written, source)],
    ),
  };
}

/** As Compose lays a second file over the first: what it says of a service counts, the rest stays. */
export function mergeModels(models: readonly ComposeModel[]): ComposeModel {
  const services = new Map<string, ComposeService>();
  for (const one of models.flatMap((model) => model.services)) {
    const before = services.get(one.name);
    services.set(one.name, before === undefined ? one : mergeServices(before, one));
  }
  const name = models.findLast((model) => model.name !== undefined)?.name;
  return { ...(name === undefined ? {} : { name }), services: [...services.values()] };
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
  return {
    name: under.name,
    image: over.image || under.image,
    environment: new Map([...under.environment, ...over.environment]),
    variables: new Map([...under.variables, ...over.variables]),
    envFiles: [...under.envFiles, ...over.envFiles],
    needs: [...new Set([...under.needs, ...over.needs])],
    mounts: [...under.mounts.filter(({ target }) => !targets.has(target)), ...over.mounts],
  };
}

function toService(name: string, ...[written, source]: [WrittenService, Source]): ComposeService {
  const { lookup } = source;
  const envFiles = written.env_file.map((one) => expand(typeof one === 'string' ? one : one.path, lookup));
  const own = Object.entries(written.environment).map(([key, value]): [string, string] => [
    key,
    value === null ? (lookup(key) ?? '') : expand(String(value), lookup),
  ]);
  const variables = Object.entries(written.environment).flatMap(([key, value]): [string, string][] => {
    const variable = value === null ? key : onlyVariable(String(value));
    return variable === undefined ? [] : [[key, variable]];
  });
  return {
    name,
    image: expand(written.image, lookup),
    environment: new Map(own),
    variables: new Map(variables),
    envFiles,
    needs: [...new Set([...written.depends_on, ...written.links.map((one) => one.split(':')[0] ?? one)])],
    mounts: written.volumes.flatMap((one) => toMount(one, lookup)),
  };
}

function fromList(lines: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(
    lines.map((line) => {
      const equals = line.indexOf('=');
      return equals < 0 ? [line, null] : [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
}

/** ${DB_PASSWORD}, ${DB_PASSWORD:-default} and $DB_PASSWORD; nothing that is put together. */
function onlyVariable(text: string): string | undefined {
  const found = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?[-?+][^}]*)?\})$/.exec(text);
  return found?.[1] ?? found?.[2];
}

/** What Compose would refuse (`${NAME:?}` without a value) is empty here: thaw check asks Compose itself. */
function expand(text: string, lookup: EnvLookup): string {
  const expanded = expandVariables(text, lookup);
  return 'value' in expanded ? expanded.value : '';
}

function toMount(written: WrittenService['volumes'][number], lookup: EnvLookup): readonly Mount[] {
  if (typeof written !== 'string') {
    const source = expand(written.source, lookup);
    const kind = written.type === 'bind' ? 'folder' : 'volume';
    if (source === '' || (written.type !== 'bind' && written.type !== 'volume')) return [];
    return [{ kind, source, target: expand(written.target, lookup), readOnly: written.read_only }];
  }
  const [source = '', target, mode = ''] = expand(written, lookup).split(':');
  // A target alone is an anonymous volume: nobody finds it again by a name.
  if (target === undefined || source === '') return [];
  const kind = /^[./~]/.test(source) ? 'folder' : 'volume';
  return [{ kind, source, target, readOnly: mode.split(',').includes('ro') }];
}
