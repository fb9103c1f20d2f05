import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { brokenBodyFailure, createBodyError, wrongLengthFailure } from '../../src/base/body-error.ts';
import { cancelledFailure } from '../../src/base/cancelled-failure.ts';
import { type Failure, fail, type Outcome, succeed } from '../../src/base/failure.ts';
import { folderFailure } from '../../src/base/folder-prefix.ts';
import type {
  ObjectAttributes,
  ObjectBody,
  ObjectInfo,
  ReadRequest,
  StoreDriver,
  StreamRequest,
  WriteRequest,
} from '../../src/ports/object-store.ts';

type Stored = { readonly info: ObjectInfo; readonly attributes: ObjectAttributes; readonly content: Buffer };

export type FakeObjectStore = StoreDriver & {
  /** Puts an object as somebody else would, at any time in the past. */
  place(key: string, object: { readonly content: Buffer | string; readonly modifiedAtMs?: number }): void;
  /** What is in it, as text. */
  contents(): Readonly<Record<string, string>>;
};

/** Objects in memory. Passes the contract of every object store. */
export function createFakeObjectStore(given: {
  readonly name: string;
  readonly now: () => number;
}): FakeObjectStore {
  const objects = new Map<string, Stored>();
  const address = `memory://${given.name}`;
  const parts = { objects, address, now: given.now };
  return {
    address,
    access: async (signal) =>
      signal?.aborted
        ? fail(cancelledFailure(`reach ${address}`))
        : succeed({ identity: { endpoint: 'memory', bucket: given.name }, clockSkewMs: 0 }),
    list: (request) => listPages(parts, request),
    describe: async (key) => succeed(objects.get(key)?.info),
    attributes: async (key) => succeed(objects.get(key)?.attributes),
    read: async (request) => readObject(parts, request),
    write: (request) => writeObject(parts, request),
    writeStream: (request) => writeObject(parts, request),
    remove: async (key) => {
      objects.delete(key);
      return succeed(undefined);
    },
    removeFolder: async (prefix) => {
      const refused = folderFailure(address, prefix);
      if (refused !== undefined) return fail(refused);
      for (const key of [...objects.keys()]) if (key.startsWith(prefix)) objects.delete(key);
      return succeed(undefined);
    },
    rights: async () => succeed({ write: 'yes', remove: 'yes' }),
    signedUrl: async ({ key }) => {
      const found = objects.get(key);
      if (found === undefined) return fail(missing(address, key));
      return succeed(`data:application/octet-stream;base64,${found.content.toString('base64')}`);
    },
    close: () => {},
    place(key, { content, modifiedAtMs }) {
      store(parts, { key, content: Buffer.from(content), attributes: { metadata: {} }, modifiedAtMs });
    },
    contents: () => Object.fromEntries([...objects].map(([key, { content }]) => [key, content.toString()])),
  };
}

type Parts = { readonly objects: Map<string, Stored>; readonly address: string; readonly now: () => number };

function store(
  { objects, now }: Parts,
  object: {
    readonly key: string;
    readonly content: Buffer;
    readonly attributes: ObjectAttributes;
    readonly modifiedAtMs?: number | undefined;
  },
): ObjectInfo {
  const { key, content, attributes } = object;
  const info = {
    key,
    sizeBytes: content.length,
    etag: createHash('md5').update(content).digest('hex'),
    modifiedAtMs: object.modifiedAtMs ?? now(),
  };
  objects.set(key, { info, attributes, content });
  return info;
}

async function* listPages(
  { objects, address }: Parts,
  { prefix, signal }: { readonly prefix: string; readonly signal?: AbortSignal },
): AsyncGenerator<Outcome<readonly ObjectInfo[]>> {
  const found = [...objects.values()]
    .map(({ info }) => info)
    .filter(({ key }) => key.startsWith(prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  for (let start = 0; start === 0 || start < found.length; start += 1000) {
    if (signal?.aborted) {
      yield fail(cancelledFailure(`list ${address}`));
      return;
    }
    yield succeed(found.slice(start, start + 1000));
  }
}

function readObject({ objects, address }: Parts, request: ReadRequest): Outcome<ObjectBody> {
  const { key, fromByte = 0, toByte, ifMatch, signal } = request;
  if (signal?.aborted) return fail(cancelledFailure(`read ${key}`));
  const found = objects.get(key);
  if (found === undefined) return fail(missing(address, key));
  const { info, attributes, content } = found;
  if (ifMatch !== undefined && ifMatch !== info.etag) return fail(changed(address, key));
  if (fromByte > 0 && fromByte >= content.length) return fail(behindTheEnd(key, fromByte));
  const wanted = content.subarray(fromByte, toByte === undefined ? content.length : toByte + 1);
  const body = Readable.from(pieces(wanted), { objectMode: false });
  signal?.addEventListener('abort', () => body.destroy(createBodyError(cancelledFailure(`read ${key}`))));
  return succeed({ info, attributes, body });
}

async function* pieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < content.length; offset += 65_536) {
    yield content.subarray(offset, offset + 65_536);
  }
}

async function writeObject(
  parts: Parts,
  request: WriteRequest | StreamRequest,
): Promise<Outcome<ObjectInfo>> {
  const { key, body, attributes, signal } = request;
  const doing = `write ${key} to ${parts.address}`;
  const stop = () => body.destroy(createBodyError(cancelledFailure(doing)));
  signal?.addEventListener('abort', stop);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body) chunks.push(Buffer.from(chunk));
  } catch (error) {
    return fail(brokenBodyFailure(doing, error));
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  const content = Buffer.concat(chunks);
  if ('sizeBytes' in request && content.length !== request.sizeBytes) {
    return fail(wrongLengthFailure({ doing, sizeBytes: request.sizeBytes, receivedBytes: content.length }));
  }
  return succeed(store(parts, { key, content, attributes }));
}

function missing(address: string, key: string): Failure {
  return {
    code: 'not-found',
    message: `There is no ${key} in ${address}.`,
    remedy: 'Check the key.',
    retry: 'after-fix',
  };
}

function changed(address: string, key: string): Failure {
  return {
    code: 'conflict',
    message: `${key} in ${address} has changed.`,
    remedy: 'Read it anew.',
    retry: 'safe',
  };
}

function behindTheEnd(key: string, fromByte: number): Failure {
  return {
    code: 'invalid-input',
    message: `${key} ends before byte ${fromByte}.`,
    remedy: 'Ask for less.',
    retry: 'never',
  };
}
