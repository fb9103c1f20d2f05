import type { Readable } from 'node:stream';
import { type Failure, fail, type Outcome } from '../base/failure.ts';
import { isDoubted } from './layer.ts';
import { type LayersRequest, openLayers } from './open-layers.ts';

type Read<T> = Omit<LayersRequest, 'source'> & {
  open(): Promise<Outcome<Readable>>;
  take(content: AsyncIterable<Buffer>): Promise<Outcome<T>>;
};

/** The content of a backup as it arrives, for somebody who only looks at it. Failures as those of `unpackFile`. */
export async function readThrough<T>(request: Read<T>): Promise<Outcome<T>> {
  const first = await attempt(request);
  // A program that doubts itself did not manage: the second one has the last word.
  if (first.ok || !isDoubted(first.failure)) return first;
  const second = await attempt({ ...request, onlySecond: true });
  return second.ok || second.failure.code !== 'tool-missing' ? second : first;
}

async function attempt<T>(request: Read<T>): Promise<Outcome<T>> {
  const body = await request.open();
  if (!body.ok) return body;
  const opened = await openLayers({ ...request, source: body.value });
  if (!opened.ok) return opened;
  const { stream, firstFailure, close } = opened.value;
  let hasEnded = false;
  let broken: { readonly error: unknown } | undefined;
  const content = async function* () {
    try {
      for await (const chunk of stream.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
      hasEnded = true;
    } catch (error) {
      broken = { error };
    }
  };
  try {
    const taken = await request.take(content());
    const failure: Failure | undefined =
      broken !== undefined ? await firstFailure(broken.error) : hasEnded ? await firstFailure() : undefined;
    if (failure !== undefined) return fail(failure);
    if (broken !== undefined) throw broken.error;
    return taken;
  } finally {
    await close();
  }
}
