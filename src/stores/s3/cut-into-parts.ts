import { addAbortSignal, type Readable } from 'node:stream';
import { brokenBodyFailure, wrongLengthFailure } from '../../base/body-error.ts';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';

type CutRequest = {
  readonly body: Readable;
  /**
   * Exact: the last part is handed out only when the body has ended right there. undefined where nobody knows it
   * beforehand; then the clean end of the body alone decides.
   */
  readonly sizeBytes: number | undefined;
  readonly partBytes: number;
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Each part is a buffer of its own: small chunks that are kept hold the pooled slabs they were cut from, and grow
 * a process by gigabytes (aws-sdk-js-v3 #8286). An empty body is one empty part.
 */
export async function* cutIntoParts(request: CutRequest): AsyncGenerator<Outcome<Buffer>> {
  const { body, partBytes, doing, signal } = request;
  const sizeBytes = request.sizeBytes ?? Number.POSITIVE_INFINITY;
  if (signal !== undefined) addAbortSignal(signal, body);
  let receivedBytes = 0;
  let restBytes = sizeBytes;
  let part = Buffer.allocUnsafeSlow(Math.min(partBytes, restBytes));
  let filled = 0;
  try {
    for await (const chunk of body) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      receivedBytes += bytes.length;
      if (receivedBytes > sizeBytes) {
        yield fail(wrongLengthFailure({ doing, sizeBytes, receivedBytes }));
        return;
      }
      let used = 0;
      while (used < bytes.length) {
        if (filled === part.length) {
          yield succeed(part);
          restBytes -= part.length;
          part = Buffer.allocUnsafeSlow(Math.min(partBytes, restBytes));
          filled = 0;
        }
        const copied = bytes.copy(part, filled, used);
        filled += copied;
        used += copied;
      }
    }
  } catch (error) {
    yield fail(signal?.aborted ? cancelledFailure(doing) : brokenBodyFailure(doing, error));
    return;
  }
  if (request.sizeBytes === undefined) yield succeed(part.subarray(0, filled));
  else if (receivedBytes === sizeBytes) yield succeed(part);
  else yield fail(wrongLengthFailure({ doing, sizeBytes, receivedBytes }));
}
