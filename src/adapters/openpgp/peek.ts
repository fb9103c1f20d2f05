import { Readable } from 'node:stream';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { type LayersRequest, openLayers } from './layers.ts';
import { isDoubtful } from './openpgpjs-engine.ts';
import { damaged, failureOf, fileFailure } from './unpack-failure.ts';

/**
 * First a little, then more: gpg's AEAD and pieces of gzip come in blocks of up to 4 MiB. Kept in memory, so that a
 * second program can be tried on the same bytes, which a live stream gives only once.
 */
const prefixSizesBytes = [256 * 1024, 12 * 1024 * 1024] as const;

export async function peekInside(
  request: Omit<LayersRequest, 'source'> & { readonly body: Readable; readonly wantBytes: number },
): Promise<Outcome<Buffer>> {
  const { body, wantBytes } = request;
  body.on('error', () => {});
  let prefix = Buffer.alloc(0);
  const iterator = body.iterator({ destroyOnReturn: true });
  try {
    let result: Outcome<Buffer> = fail(damaged('The backup is empty: it has 0 bytes.'));
    for (const sizeBytes of prefixSizesBytes) {
      const more = await readUpTo(iterator, {
        prefix,
        sizeBytes: Math.max(sizeBytes, wantBytes + sizeBytes),
      });
      prefix = more.bytes;
      if (prefix.length === 0) return result;
      result = await lookInto(prefix, { ...request, isWhole: more.ended });
      if (result.ok || more.ended || result.failure.code !== 'damaged') return result;
    }
    return result;
  } catch (error) {
    const failure = failureOf(error) ?? fileFailure(error, 'read the backup') ?? lostBody(error);
    return fail(failure);
  } finally {
    await iterator.return?.();
    body.destroy();
  }
}

async function readUpTo(
  iterator: NodeJS.AsyncIterator<unknown>,
  have: { readonly prefix: Buffer; readonly sizeBytes: number },
): Promise<{ readonly bytes: Buffer<ArrayBuffer>; readonly ended: boolean }> {
  const chunks: Buffer[] = [have.prefix];
  let length = have.prefix.length;
  while (length < have.sizeBytes) {
    const next = await iterator.next();
    if (next.done) return { bytes: Buffer.concat(chunks), ended: true };
    const chunk = Buffer.from(next.value as Uint8Array);
    chunks.push(chunk);
    length += chunk.length;
  }
  return { bytes: Buffer.concat(chunks), ended: false };
}

type Look = Omit<LayersRequest, 'source'> & { readonly wantBytes: number; readonly isWhole: boolean };

async function lookInto(prefix: Buffer, look: Look): Promise<Outcome<Buffer>> {
  const first = await collect(prefix, look);
  if (first.ok || look.onlyGpg || !look.layers.includes('openpgp') || !isDoubtful(first.failure))
    return first;
  const second = await collect(prefix, { ...look, onlyGpg: true });
  return second.ok || second.failure.code !== 'tool-missing' ? second : first;
}

async function collect(prefix: Buffer, look: Look): Promise<Outcome<Buffer>> {
  const opened = await openLayers({ ...look, source: Readable.from([prefix], { objectMode: false }) });
  if (!opened.ok) return opened;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of opened.value.stream.iterator({ destroyOnReturn: false })) {
      chunks.push(Buffer.from(chunk as Uint8Array));
      length += (chunk as Uint8Array).length;
      if (length >= look.wantBytes) break;
    }
  } catch (error) {
    // The prefix ends in the middle: what came before that is what we look for.
    if (length < look.wantBytes) {
      const failure = await opened.value.firstFailure(error);
      if (failure === undefined) throw error;
      return fail(failure);
    }
  } finally {
    await opened.value.close();
  }
  if (length < look.wantBytes && !look.isWhole)
    return fail(damaged('The first part of the backup is too short to look into.'));
  if (length === 0) return fail(damaged('The backup holds nothing: its content has 0 bytes.'));
  return succeed(Buffer.concat(chunks).subarray(0, look.wantBytes));
}

function lostBody(error: unknown) {
  return {
    code: 'unreachable',
    message: 'The first bytes of the backup do not arrive: the connection to its store is lost.',
    remedy: 'Check the connection to the store, then try again.',
    retry: 'safe',
    detail: error instanceof Error ? error.message : String(error),
  } as const;
}
