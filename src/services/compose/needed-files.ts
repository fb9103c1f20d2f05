import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { LeftFile, NeededFiles } from '../../ports/services.ts';
import type { ComposeCommand } from './compose-command.ts';
import { wholeConfig } from './find-project-files.ts';

/**
 * What the files of a project refer to, as they are written: variables are not filled in, since what they come to may be a secret. A path with a
 * variable in it is therefore not followed, and told. The words are those of the Compose specification.
 */
const oneOrMore = <T extends z.ZodType>(one: T) => z.union([one, z.array(one)]);
const envFile = oneOrMore(z.union([z.string(), z.object({ path: z.string() })]));
const fileSchema = z.object({
  include: z
    .array(
      z.union([
        z.string(),
        z.object({ path: oneOrMore(z.string()), env_file: oneOrMore(z.string()).optional() }),
      ]),
    )
    .catch([])
    .default([]),
  services: z
    .record(
      z.string(),
      z
        .object({
          extends: z.union([z.string(), z.object({ file: z.string().optional() })]).optional(),
          env_file: envFile.optional(),
          build: z.union([z.string(), z.object({ context: z.string().optional() })]).optional(),
          volumes: z
            .array(
              z.union([z.string(), z.object({ type: z.string().optional(), source: z.string().optional() })]),
            )
            .optional(),
        })
        .nullable()
        .catch(null),
    )
    .catch({})
    .default({}),
  configs: z
    .record(z.string(), z.object({ file: z.string().optional() }).nullable().catch(null))
    .catch({})
    .default({}),
  secrets: z
    .record(z.string(), z.object({ file: z.string().optional() }).nullable().catch(null))
    .catch({})
    .default({}),
});
type File = z.infer<typeof fileSchema>;

/** A settings file is small; what is larger is data. */
const mostBytes = 2 ** 20;

const why = {
  computed: 'its name has a variable in it',
  outside: 'it lies outside the folder of the project',
  secret: 'it holds secrets',
  environment: 'an env file holds secrets: bring it from the vault',
  folder: 'a folder that containers use; producer.kit.include takes it along',
  large: 'it is larger than 1 MiB; producer.kit.include takes it along',
  build: 'an image is built in it; producer.kit.include takes it along, or push the image to a registry',
  gone: 'it is not there',
} as const;

export async function findNeededFiles(compose: ComposeCommand): Promise<Outcome<NeededFiles>> {
  const files = await compose.files();
  if (!files.ok) return files;
  const [first = ''] = files.value.all;
  const folder = dirname(resolve(first));
  const found = await lookThrough(
    files.value.all.map((one) => resolve(one)),
    folder,
  );
  if (!found.ok) return found;
  const images = await listImages(compose);
  return succeed({ folder, ...found.value, ...images });
}

/** A reference from within a file: where it leads, and what is there. */
type Reference = { readonly path: string; readonly kind: 'compose' | 'settings' | keyof typeof why };

async function lookThrough(
  named: readonly string[],
  folder: string,
): Promise<Outcome<Pick<NeededFiles, 'files' | 'left'>>> {
  const files = new Set<string>();
  const left = new Map<string, LeftFile>();
  const waiting: { readonly path: string; readonly base: string }[] = named.map((path) => ({
    path,
    base: folder,
  }));
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { path, base } = next;
    if (files.has(path)) continue;
    const read = await readComposeFile(path);
    if (!read.ok) return read;
    files.add(path);
    for (const reference of referencesIn(read.value, { own: dirname(path), base })) {
      const judged = await judge(reference, folder);
      if (judged !== undefined) left.set(reference.path, { path: reference.path, why: judged });
      else if (reference.kind === 'compose')
        waiting.push({ path: reference.path, base: dirname(reference.path) });
      else files.add(reference.path);
    }
  }
  const outside = [...files].filter((path) => !isInside(path, folder));
  for (const path of outside) left.set(path, { path, why: why.outside });
  return succeed({
    files: [...files].filter((path) => isInside(path, folder)).sort(),
    left: [...left.values()].sort((one, other) => (one.path < other.path ? -1 : 1)),
  });
}

async function readComposeFile(path: string): Promise<Outcome<File>> {
  try {
    const read = fileSchema.safeParse(parse(await readFile(path, 'utf8'), { merge: true }) ?? {});
    return read.success ? succeed(read.data) : fail(unreadable(path));
  } catch (error) {
    const isYaml = error instanceof Error && error.name === 'YAMLParseError';
    return fail(
      isYaml ? unreadable(path) : describeFileFailure({ doing: `read the compose file ${path}`, error }),
    );
  }
}

function unreadable(path: string) {
  return {
    code: 'invalid-input',
    message: `${path} is no compose file that can be read.`,
    remedy: 'See what `docker compose config` says of it.',
    retry: 'after-fix',
  } as const;
}

/** @param from.own the folder of the file; from.base the one that paths of its services count from. */
function referencesIn(
  file: File,
  from: { readonly own: string; readonly base: string },
): readonly Reference[] {
  const at = (base: string, ...[path, kind]: [string, Reference['kind']]): Reference =>
    path.includes('$') ? { path, kind: 'computed' } : { path: resolve(base, path), kind };
  const found: Reference[] = [];
  for (const one of file.include) {
    const { path, env_file: env = [] } = typeof one === 'string' ? { path: one } : one;
    found.push(...[path].flat().map((each) => at(from.own, each, 'compose')));
    found.push(...[env].flat().map((each) => at(from.own, each, 'environment')));
  }
  for (const service of Object.values(file.services)) {
    if (service === null) continue;
    const { extends: base, env_file: env = [], build, volumes = [] } = service;
    if (typeof base === 'object' && base.file !== undefined) found.push(at(from.own, base.file, 'compose'));
    for (const each of [env].flat())
      found.push(at(from.base, typeof each === 'string' ? each : each.path, 'environment'));
    const context = typeof build === 'string' ? build : build?.context;
    if (context !== undefined && !/^[a-z+]+:/.test(context)) found.push(at(from.base, context, 'build'));
    found.push(
      ...volumes.flatMap((volume) => boundPath(volume)).map((path) => at(from.base, path, 'settings')),
    );
  }
  for (const config of Object.values(file.configs))
    if (config?.file !== undefined) found.push(at(from.base, config.file, 'settings'));
  for (const secret of Object.values(file.secrets))
    if (secret?.file !== undefined) found.push(at(from.base, secret.file, 'secret'));
  return found;
}

/** The path on this host; none for a volume that Docker keeps. */
function boundPath(
  volume: string | { readonly type?: string | undefined; readonly source?: string | undefined },
) {
  const source = typeof volume === 'string' ? (volume.split(':')[0] ?? '') : (volume.source ?? '');
  const isBound = typeof volume === 'string' ? /^[./~$]/.test(source) : volume.type === 'bind';
  // What every host has of its own: sockets, devices, the clock.
  return isBound && source !== '' && !/^\/(var\/run|run|dev|proc|sys|etc)\//.test(source) ? [source] : [];
}

/** Why it does not go along; undefined where it does. */
async function judge({ path, kind }: Reference, folder: string): Promise<string | undefined> {
  if (kind !== 'compose' && kind !== 'settings') return why[kind];
  if (!isInside(path, folder)) return why.outside;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return why.gone;
  if (!found.isFile()) return found.isDirectory() ? why.folder : undefined;
  if (looksSecret(path)) return why.secret;
  return found.size > mostBytes ? why.large : undefined;
}

/** By its name: the kit is read by whoever reads the bucket. */
function looksSecret(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  return /^\.?env(\..*)?$|\.env(\..*)?$|\.(key|pem|p12|pfx|jks|kdbx|age|gpg|asc|htpasswd)$|^id_|secret|passw|credential|acme\.json$/.test(
    name,
  );
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}

/** With the digests by which a registry knows them; where Docker does not answer, without. */
async function listImages(compose: ComposeCommand): Promise<Pick<NeededFiles, 'images' | 'project'>> {
  const asked = await compose.config(wholeConfig);
  const config = configSchema.safeParse(asked.ok ? parseJson(asked.value) : undefined);
  if (!config.success) return { images: [] };
  const names = [...new Set(Object.values(config.data.services).flatMap(({ image }) => image ?? []))].sort();
  const images = [];
  for (const name of names) {
    const format = '{"id":{{json .Id}},"digests":{{json .RepoDigests}},"sizeBytes":{{json .Size}}}';
    const asked = await compose.ask(['image', 'inspect', '--format', format, name]);
    const here = imageSchema.safeParse(asked.ok ? parseJson(asked.value.trim()) : undefined).data;
    if (here === undefined) images.push({ name });
    else {
      const [digest] = here.digests;
      const { id, sizeBytes } = here;
      images.push({ name, ...(digest === undefined ? {} : { digest }), here: { id, sizeBytes } });
    }
  }
  return { images, project: config.data.name };
}

const imageSchema = z.object({
  id: z.string(),
  /** null with some of the engines for one that was never pulled. */
  digests: z
    .array(z.string())
    .nullable()
    .transform((digests) => digests ?? []),
  sizeBytes: z.int(),
});

const configSchema = z.object({
  name: z.string(),
  services: z.record(z.string(), z.object({ image: z.string().optional() })).catch({}),
});
