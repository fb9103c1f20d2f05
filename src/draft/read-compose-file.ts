import { parseDocument } from 'yaml';
import { z } from 'zod';
import { type EnvLookup, expandVariables } from '../base/env-variables.ts';
import { errorWords } from '../base/thrown.ts';
import type { ComposeModel, ComposeService, Mount, PublishedPort } from './compose-model.ts';

type Source = {
  readonly text: string;
  /** Of `.env` beside the file and of the environment, as Compose fills its variables. */
  readonly lookup: EnvLookup;
};

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const words = z.array(z.string().catch('')).catch([]);
const listOf = z.union([z.string().transform((one) => [one]), z.array(z.string())]).catch([]);
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
  ports: z
    .array(
      z.union([
        z.union([z.string(), z.number()]).transform(String),
        z.object({
          target: z.coerce.string(),
          published: z.coerce.string().catch(''),
          host_ip: z.string().catch(''),
          protocol: z.string().catch('tcp'),
        }),
      ]),
    )
    .catch([]),
  healthcheck: z
    .object({ test: listOf, disable: z.boolean().catch(false) })
    .optional()
    .catch(undefined),
  extends: z
    .union([
      z.string().transform((service) => ({ service, file: undefined })),
      z.object({ service: z.string(), file: z.string().optional() }),
    ])
    .optional()
    .catch(undefined),
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

const includeSchema = z.union([
  z.string().transform((one) => ({ path: [one], project_directory: undefined, env_file: undefined })),
  z.object({ path: listOf, project_directory: z.string().optional(), env_file: listOf.optional() }),
]);

const fileSchema = z.object({
  name: z.string().optional().catch(undefined),
  include: z.array(includeSchema).catch([]),
  services: z.record(z.string(), serviceSchema.nullable().catch(null)).catch({}),
});

type WrittenService = z.output<typeof serviceSchema>;

/**
 * One compose file, as far as a runbook is drafted from it. Compose itself is not asked: its programs may not be here yet. What it takes
 * from others (`extends`, `include`) is named, and for the caller to read.
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
  const { name, services, include } = read.data;
  const filled = (text: string) => expand(text, source.lookup);
  return {
    ...(name === undefined ? {} : { name: filled(name) }),
    includes: include.map((one) => ({
      files: one.path.map(filled),
      ...(one.project_directory === undefined ? {} : { folder: filled(one.project_directory) }),
      ...(one.env_file === undefined ? {} : { envFiles: one.env_file.map(filled) }),
    })),
    services: Object.entries(services).flatMap(([service, written]) =>
      written === null ? [] : [toService(service, written, source)],
    ),
  };
}

function toService(name: string, ...[written, source]: [WrittenService, Source]): ComposeService {
  const { lookup } = source;
  const { extends: base } = written;
  const healthPage = toHealthPage(written.healthcheck, lookup);
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
    ports: written.ports.flatMap((one) => toPort(one, lookup)),
    ...(healthPage === undefined ? {} : { healthPage }),
    ...(base === undefined
      ? {}
      : {
          base: {
            service: base.service,
            ...(base.file === undefined ? {} : { file: expand(base.file, lookup) }),
          },
        }),
  };
}

type Written<Key extends keyof WrittenService> = WrittenService[Key];

function toPort(written: Written<'ports'>[number], lookup: EnvLookup): readonly PublishedPort[] {
  const text =
    typeof written === 'string'
      ? written
      : `${written.host_ip}:${written.published}:${written.target}/${written.protocol}`;
  const found = /^(?:(?<host>[\d.]*):)?(?<published>\d+):(?<target>\d+)(?:\/tcp)?$/.exec(
    expand(text, lookup),
  );
  const { host = '', published, target } = found?.groups ?? {};
  if (published === undefined || target === undefined) return [];
  const address = host === '' || host === '0.0.0.0' ? '127.0.0.1' : host;
  return [{ host: address, published: Number(published), target: Number(target) }];
}

/** curl -f http://localhost:3000/health, of whatever program asks. */
function toHealthPage(check: Written<'healthcheck'>, lookup: EnvLookup): ComposeService['healthPage'] {
  if (check === undefined || check.disable) return undefined;
  const words = expand(check.test.join(' '), lookup);
  const found =
    /(?<scheme>https?):\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(?<port>\d+))?(?<path>\/[\w./?=&%-]*)?/.exec(
      words,
    );
  if (found?.groups === undefined) return undefined;
  const { scheme, port, path = '/' } = found.groups;
  const isTls = scheme === 'https';
  return { isTls, port: Number(port ?? (isTls ? 443 : 80)), path };
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
