import { createHash } from 'node:crypto';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { WriteRequest } from '../../ports/object-store.ts';
import { cutIntoParts } from './cut-into-parts.ts';
import { writeAttributes } from './s3-attributes.ts';
import type { S3Connection } from './s3-client.ts';
import { stripQuotes } from './s3-list.ts';
import { sendFitting } from './s3-properties.ts';

type UploadRequest = Omit<WriteRequest, 'sizeBytes'> & {
  readonly partBytes: number;
  /** undefined while the body is still being made. */
  readonly sizeBytes: number | undefined;
};
type SentPart = {
  readonly ETag: string | undefined;
  readonly PartNumber: number;
  readonly md5: Buffer;
  readonly sizeBytes: number;
};
type Uploaded = { readonly etag: string | undefined; readonly sizeBytes: number };
type Upload = {
  readonly connection: S3Connection;
  readonly request: UploadRequest;
  readonly uploadId: string;
};

/** S3's own limit on the parts of one object. */
export const mostParts = 10_000;

/** Memory of one write is this many parts, and one more being filled. */
const partsAtOnce = 4;

/** Writes a large object in parts; when anything goes wrong the parts sent so far are thrown away at the store. */
export async function uploadParts(
  connection: S3Connection,
  request: UploadRequest,
): Promise<Outcome<Uploaded>> {
  const begun = await sendFitting({ connection, attributes: request.attributes }, (attributes) =>
    connection.call({
      verb: 'write',
      key: request.key,
      signal: request.signal,
      perform: ({ sdk, client, options }) =>
        client.send(
          new sdk.CreateMultipartUploadCommand({
            Bucket: connection.bucket,
            Key: request.key,
            ...writeAttributes(attributes),
          }),
          options,
        ),
    }),
  );
  if (!begun.ok) return begun;
  const upload = { connection, request, uploadId: begun.value.UploadId ?? '' };
  const parts = await sendParts(upload);
  const done = parts.ok ? await complete(upload, parts.value) : parts;
  if (!done.ok) await abort(upload);
  return done;
}

async function sendParts(upload: Upload): Promise<Outcome<readonly SentPart[]>> {
  const { connection, request } = upload;
  const doing = `write ${connection.place(request.key)}`;
  const sent: SentPart[] = [];
  const underway = new Set<Promise<void>>();
  let failure: Failure | undefined;
  let number = 0;
  for await (const part of cutIntoParts({ ...request, doing })) {
    if (!part.ok) failure ??= part.failure;
    if (!part.ok || failure !== undefined) break;
    number += 1;
    if (number > mostParts) {
      failure ??= tooManyParts(doing, request.partBytes);
      break;
    }
    const sending = sendPart(upload, { number, content: part.value }).then((outcome) => {
      underway.delete(sending);
      if (outcome.ok) sent.push(outcome.value);
      else failure ??= outcome.failure;
    });
    underway.add(sending);
    if (underway.size >= partsAtOnce) await Promise.race(underway);
  }
  // An upload may only be aborted when no part is on its way any more, or that part would stay and cost.
  await Promise.all(underway);
  if (failure !== undefined) return fail(failure);
  return succeed(sent.sort((a, b) => a.PartNumber - b.PartNumber));
}

async function sendPart(
  upload: Upload,
  part: { readonly number: number; readonly content: Buffer },
): Promise<Outcome<SentPart>> {
  const { connection, request, uploadId } = upload;
  const md5 = createHash('md5').update(part.content).digest();
  const answer = await connection.call({
    verb: 'write',
    key: request.key,
    signal: request.signal,
    sentBytes: part.content.length,
    perform: ({ sdk, client, options }) =>
      client.send(
        new sdk.UploadPartCommand({
          Bucket: connection.bucket,
          Key: request.key,
          UploadId: uploadId,
          PartNumber: part.number,
          Body: part.content,
          ContentLength: part.content.length,
          ContentMD5: md5.toString('base64'),
        }),
        options,
      ),
  });
  return answer.ok
    ? succeed({ ETag: answer.value.ETag, PartNumber: part.number, md5, sizeBytes: part.content.length })
    : answer;
}

async function complete(upload: Upload, parts: readonly SentPart[]): Promise<Outcome<Uploaded>> {
  const { connection, request, uploadId } = upload;
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const answer = await connection.call({
    verb: 'write',
    key: request.key,
    signal: request.signal,
    // The store may copy the parts together before it answers.
    sentBytes: sizeBytes,
    perform: ({ sdk, client, options }) =>
      client.send(
        new sdk.CompleteMultipartUploadCommand({
          Bucket: connection.bucket,
          Key: request.key,
          UploadId: uploadId,
          MultipartUpload: { Parts: parts.map(({ ETag, PartNumber }) => ({ ETag, PartNumber })) },
        }),
        options,
      ),
  });
  return confirm(upload, { parts, sizeBytes, answer });
}

/**
 * What stands there now is asked for, and not taken from the answer: some servers leave its tag out, and when the
 * answer is lost on the way the SDK asks again and hears that there is no such upload, though all is well.
 */
async function confirm(
  upload: Upload,
  completed: {
    readonly parts: readonly SentPart[];
    readonly sizeBytes: number;
    readonly answer: Outcome<unknown>;
  },
): Promise<Outcome<Uploaded>> {
  const { connection, request } = upload;
  const found = await connection.call({
    verb: 'describe',
    key: request.key,
    signal: request.signal,
    perform: ({ sdk, client, options }) =>
      client.send(new sdk.HeadObjectCommand({ Bucket: connection.bucket, Key: request.key }), options),
  });
  const etag = found.ok && found.value.ETag ? stripQuotes(found.value.ETag) : undefined;
  const { answer, parts, sizeBytes } = completed;
  if (!answer.ok) return found.ok && etag === multipartEtag(parts) ? succeed({ etag, sizeBytes }) : answer;
  if (!found.ok) return found;
  if (found.value.ContentLength === sizeBytes) return succeed({ etag, sizeBytes });
  return fail({
    code: 'damaged',
    message: `Cannot write ${connection.place(request.key)}: the store holds ${found.value.ContentLength} instead of ${sizeBytes} bytes.`,
    remedy: 'Remove that object, then try again.',
    retry: 'safe',
  });
}

function multipartEtag(parts: readonly SentPart[]): string {
  const digest = createHash('md5')
    .update(Buffer.concat(parts.map((part) => part.md5)))
    .digest('hex');
  return `${digest}-${parts.length}`;
}

/** Not under the caller's signal: a cancelled write is the very one that leaves parts behind. */
async function abort(upload: Upload): Promise<void> {
  const { connection, request, uploadId } = upload;
  await connection.call({
    verb: 'abandon',
    key: request.key,
    perform: ({ sdk, client, options }) =>
      client.send(
        new sdk.AbortMultipartUploadCommand({
          Bucket: connection.bucket,
          Key: request.key,
          UploadId: uploadId,
        }),
        options,
      ),
  });
}

function tooManyParts(doing: string, partBytes: number): Failure {
  return {
    code: 'invalid-input',
    message: `Cannot ${doing}: it has more than ${mostParts} parts of ${partBytes} bytes.`,
    remedy: 'Give a larger expectedSize in the runbook, from which the size of the parts is taken.',
    retry: 'after-fix',
  };
}
