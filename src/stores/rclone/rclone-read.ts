import { PassThrough } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { missingObjectFailure, refuseRead } from '../../base/refused-read.ts';
import type { ObjectBody, ReadRequest } from '../../ports/object-store.ts';
import { pathOf, rcloneFailure, runFailure } from './rclone-call.ts';
import { describeRemote, type Rclone } from './rclone-list.ts';

export async function readRemote(rclone: Rclone, request: ReadRequest): Promise<Outcome<ObjectBody>> {
  const path = pathOf(rclone.config, request.key);
  const doing = `read ${path}`;
  if (request.signal?.aborted) return fail(cancelledFailure(doing));
  const described = await describeRemote(rclone, request.key);
  if (!described.ok) return described;
  const info = described.value;
  if (info === undefined) return fail(missingObjectFailure(doing));
  const refusal = refuseRead({ request, info, doing });
  if (refusal !== undefined) return fail(refusal);
  const fromByte = request.fromByte ?? 0;
  const endByte = Math.min(
    request.toByte === undefined ? info.sizeBytes : request.toByte + 1,
    info.sizeBytes,
  );
  const body = pour(rclone, { path, doing, fromByte, sizeBytes: endByte - fromByte });
  return succeed({ info, attributes: { metadata: {} }, body });
}

/** `withLimits` counts what comes, and ends it when it is cancelled; here only rclone's own end is judged. */
function pour(
  rclone: Rclone,
  slice: {
    readonly path: string;
    readonly doing: string;
    readonly fromByte: number;
    readonly sizeBytes: number;
  },
): PassThrough {
  const { path, doing, fromByte, sizeBytes } = slice;
  const body = new PassThrough({ highWaterMark: 1024 * 1024 });
  // A reader may not listen yet when it goes wrong; it will still see the error when it reads.
  body.on('error', () => {});
  const breakOff = (failure: Failure) => body.destroy(createBodyError(failure));
  const run = async () => {
    if (sizeBytes === 0) return void body.end();
    const range = ['--offset', String(fromByte), '--count', String(sizeBytes)];
    const ran = await rclone.call({ args: ['cat', ...range, path], outputTo: body });
    if (body.destroyed) return;
    if (!ran.ok) breakOff(runFailure(doing, ran.failure));
    else if (ran.value.exitCode !== 0) breakOff(rcloneFailure(doing, ran.value));
    else body.end();
  };
  void run();
  return body;
}
