import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import { parseJson } from '../../base/parse-json.ts';
import { errorCode } from '../../base/thrown.ts';
import { replaceFile } from '../../platform/durable-files.ts';
import type { ObjectAccess, ObjectAttributes } from '../../ports/object-store.ts';
import { attributesFolder } from './store-paths.ts';

/** Types that a name tells already: an object of such a name and type needs no sidecar. */
const typesByExtension: Readonly<Record<string, string>> = {
  '.avif': 'image/avif',
  '.csv': 'text/csv',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.eml': 'message/rfc822',
  '.gif': 'image/gif',
  '.html': 'text/html',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.webp': 'image/webp',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  '.xml': 'application/xml',
  '.zip': 'application/zip',
};

type Kept = { readonly root: string; readonly key: string };

/** A key may be longer than a file name, so the sidecar is named by the key's digest. */
function sidecarPath({ root, key }: Kept): string {
  const name = sha256(key);
  return join(root, attributesFolder, name.slice(0, 2), `${name}.json`);
}

function typeOfName(key: string): string | undefined {
  return typesByExtension[extname(key).toLowerCase()];
}

/** What the name does not tell by itself. */
function needsSidecar(key: string, attributes: ObjectAttributes): boolean {
  const { contentType, metadata, ...others } = attributes;
  const isPlain =
    contentType === undefined || contentType === (typeOfName(key) ?? 'application/octet-stream');
  return !isPlain || Object.keys(metadata).length > 0 || Object.values(others).some(Boolean);
}

export async function keepAttributes(kept: Kept, attributes: ObjectAttributes): Promise<void> {
  const path = sidecarPath(kept);
  if (!needsSidecar(kept.key, attributes)) {
    await rm(path, { force: true });
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  await replaceFile({ path, content: `${JSON.stringify({ key: kept.key, attributes }, null, 2)}\n` });
}

export async function forgetAttributes(kept: Kept): Promise<void> {
  await rm(sidecarPath(kept), { force: true });
}

export async function recallAttributes(kept: Kept): Promise<ObjectAttributes> {
  const contentType = typeOfName(kept.key);
  return (
    (await keptAttributes(kept)) ?? { ...(contentType === undefined ? {} : { contentType }), metadata: {} }
  );
}

/** What was written down; undefined where nothing was, since a name tells it or nobody gave any. */
export async function keptAttributes(kept: Kept): Promise<ObjectAttributes | undefined> {
  try {
    return parseSidecar(await readFile(sidecarPath(kept), 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const fields = [
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'contentLanguage',
  'cacheControl',
  'expires',
  'redirect',
] as const;

const accesses: readonly unknown[] = [
  'public-read',
  'public-read-write',
  'authenticated-read',
  'other',
] satisfies ObjectAccess[];

/** Only what is text is taken; a sidecar that somebody has spoiled costs the attributes, not the object. */
function parseSidecar(text: string): ObjectAttributes | undefined {
  const parsed = parseJson(text);
  if (parsed === undefined) return undefined;
  const attributes = pick(parsed, 'attributes');
  const texts = fields
    .map((field) => [field, pick(attributes, field)])
    .filter(([, value]) => typeof value === 'string');
  const [tags, access] = [textsOf(attributes, 'tags'), pick(attributes, 'access')];
  return {
    ...Object.fromEntries(texts),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(accesses.includes(access) ? { access: access as ObjectAccess } : {}),
    metadata: textsOf(attributes, 'metadata'),
  };
}

function textsOf(holder: unknown, key: string): Readonly<Record<string, string>> {
  const entries: [string, unknown][] = Object.entries(pick(holder, key) ?? {});
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

function pick(holder: unknown, key: string): unknown {
  return holder !== null && typeof holder === 'object' ? Reflect.get(holder, key) : undefined;
}
