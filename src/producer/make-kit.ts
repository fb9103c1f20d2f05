import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import {
  type Kit,
  type KitFile,
  kitFormat,
  kitPrefix,
  listKey,
  objectName,
  readKit,
  signatureEnding,
  writeKit,
} from '../backups/kit.ts';
import { sha256 } from '../base/digest.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { formatBytes } from '../base/units.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { storePart } from './store-part.ts';

/** One file of a kit, as it will be unpacked. */
export type KitContent = Pick<KitFile, 'path' | 'role' | 'executable' | 'source'> & {
  readonly content: Buffer;
  /** What is large and is fetched by hand as well: compressed with what every host has. */
  readonly pack?: true;
};

type KitRequest = {
  readonly store: ObjectStore;
  readonly about: Omit<Kit, 'thawKit' | 'madeAt' | 'files'>;
  readonly contents: readonly KitContent[];
  /** What lies in the store already. */
  readonly stored: readonly KitFile[];
  /** The pages, which name the other files by their digests and places. */
  readonly pages: (files: readonly KitFile[]) => readonly KitContent[];
  /** An SSH signature over a text, for the namespace of kits. */
  readonly sign: (message: string) => Promise<Outcome<string>>;
  readonly nowMs: number;
  readonly onLine: (line: string) => void;
};

export type MadeKit = { readonly kit: Kit; readonly key: string };

/**
 * Stores what is not there yet, then the signature, and the list last of all: until that stands, the kit before it counts, wherever and
 * however this is ended. Nothing is overwritten but the pages at the prefix itself, which are for whoever looks into the bucket.
 */
export async function makeKit(request: KitRequest): Promise<Outcome<MadeKit>> {
  const { store, about, nowMs } = request;
  const small = await storeAll(request, request.contents);
  if (!small.ok) return small;
  const files = [...small.value, ...request.stored];
  const pages = request.pages(files);
  const stored = await storeAll(request, pages);
  if (!stored.ok) return stored;
  const kit: Kit = {
    thawKit: kitFormat,
    ...about,
    madeAt: new Date(nowMs).toISOString(),
    files: [...files, ...stored.value],
  };
  const text = writeKit(kit);
  const key = listKey(about.name, nowMs);
  // What nobody could read on the blank host is no kit: a path with a sign in it that a terminal takes for its own.
  const readable = readKit(text, key);
  if (!readable.ok) return readable;
  const signature = await request.sign(text);
  if (!signature.ok) return signature;
  const parts = [
    { key: `${key}${signatureEnding}`, content: Buffer.from(signature.value), contentType: 'text/plain' },
    { key, content: Buffer.from(text), contentType: 'application/json' },
    ...pages.map(({ path, content }) => ({
      key: `${kitPrefix(about.name)}${path}`,
      content,
      contentType: path.endsWith('.html') ? 'text/html; charset=utf-8' : 'text/markdown; charset=utf-8',
    })),
  ];
  for (const part of parts) {
    const written = await storePart({ store, name: 'kit', ...part });
    if (!written.ok) return written;
  }
  return succeed({ kit, key });
}

async function storeAll(
  request: KitRequest,
  contents: readonly KitContent[],
): Promise<Outcome<readonly KitFile[]>> {
  const files: KitFile[] = [];
  for (const content of contents) {
    const stored = await storeFile(request, content);
    if (!stored.ok) return stored;
    files.push(stored.value);
  }
  return succeed(files);
}

async function storeFile(
  { store, about, onLine }: KitRequest,
  { content, pack, ...about_ }: KitContent,
): Promise<Outcome<KitFile>> {
  const named = {
    ...about_,
    sha256: sha256(content),
    sizeBytes: content.length,
    ...(pack === undefined ? {} : { packed: 'gzip' as const }),
  };
  const file: KitFile = { ...named, object: objectName(named) };
  const key = `${kitPrefix(about.name)}${file.object}`;
  const there = await store.describe(key);
  if (!there.ok) return there;
  // Under the name that its content makes lies nothing else; whether it is whole, `thaw kit --check` reads.
  if (there.value !== undefined && (pack === true || there.value.sizeBytes === content.length))
    return succeed(file);
  const body = pack === true ? gzipSync(content) : content;
  const written = await store.write({
    key,
    body: Readable.from([body], { objectMode: false }),
    sizeBytes: body.length,
    attributes: { contentType: 'application/octet-stream', metadata: {} },
  });
  if (!written.ok) return written;
  onLine(`stored ${file.path}, ${formatBytes(body.length)}`);
  return succeed(file);
}
