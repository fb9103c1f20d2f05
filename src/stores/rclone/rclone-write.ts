import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { brokenBodyFailure, wrongLengthFailure } from '../../base/body-error.ts';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ObjectInfo, StreamRequest, WriteRequest } from '../../ports/object-store.ts';
import { pathOf, rcloneFailure, runFailure } from './rclone-call.ts';
import { describeRemote, type Rclone } from './rclone-list.ts';
import { removeRemote } from './rclone-remove.ts';

type Written = WriteRequest | StreamRequest;

/**
 * rclone takes any end of its input for the end of the object. So the bytes go under another name first, and the object gets
 * its own only when all of them were there. Attributes are lost: `rcat` has no way to give any.
 */
export async function writeRemote(rclone: Rclone, request: Written): Promise<Outcome<ObjectInfo>> {
  const doing = `write ${pathOf(rclone.config, request.key)}`;
  if (request.signal?.aborted) {
    request.body.destroy();
    return fail(cancelledFailure(doing));
  }
  const folder = request.key.slice(0, request.key.lastIndexOf('/') + 1);
  const unfinished = `${folder}.thaw-${randomBytes(8).toString('hex')}.part`;
  const sent = await send(rclone, { request, unfinished, doing });
  request.body.destroy();
  if (sent.ok) {
    const moved = await rclone.call({
      args: ['moveto', pathOf(rclone.config, unfinished), pathOf(rclone.config, request.key)],
    });
    if (!moved.ok) return fail(runFailure(doing, moved.failure));
    if (moved.value.exitCode !== 0) return fail(rcloneFailure(doing, moved.value));
    const described = await describeRemote(rclone, request.key);
    if (!described.ok) return described;
    return described.value === undefined ? fail(vanished(doing)) : succeed(described.value);
  }
  await removeRemote(rclone, unfinished);
  return sent;
}

async function send(
  rclone: Rclone,
  writing: { readonly request: Written; readonly unfinished: string; readonly doing: string },
): Promise<Outcome<void>> {
  const { request, unfinished, doing } = writing;
  const sizeBytes = 'sizeBytes' in request ? request.sizeBytes : undefined;
  let broken: Failure | undefined;
  let receivedBytes = 0;
  const counted = async function* () {
    try {
      for await (const chunk of request.body) {
        const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
        receivedBytes += bytes.length;
        if (sizeBytes !== undefined && receivedBytes > sizeBytes) return;
        yield bytes;
      }
    } catch (error) {
      broken ??= brokenBodyFailure(doing, error);
    }
  };
  const source = Readable.from(counted(), { objectMode: false });
  const stop = () => request.body.destroy();
  request.signal?.addEventListener('abort', stop, { once: true });
  const ran = await rclone.call({
    args: ['rcat', pathOf(rclone.config, unfinished)],
    inputFrom: source,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  request.signal?.removeEventListener('abort', stop);
  if (request.signal?.aborted) return fail(cancelledFailure(doing));
  if (broken !== undefined) return fail(broken);
  if (!ran.ok) return fail(runFailure(doing, ran.failure));
  if (ran.value.exitCode !== 0) return fail(rcloneFailure(doing, ran.value));
  if (sizeBytes !== undefined && receivedBytes !== sizeBytes)
    return fail(wrongLengthFailure({ doing, sizeBytes, receivedBytes }));
  return succeed(undefined);
}

function vanished(doing: string): Failure {
  return {
    code: 'conflict',
    message: `Cannot ${doing}: it was removed as soon as it was written.`,
    remedy: 'Find out what else works in that remote, then try again.',
    retry: 'after-fix',
  };
}
