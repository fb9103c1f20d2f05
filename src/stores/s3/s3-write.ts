import { createHash } from 'node:crypto';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ObjectInfo, StreamRequest, WriteRequest } from '../../ports/object-store.ts';
import { cutIntoParts } from './cut-into-parts.ts';
import { writeAttributes } from './s3-attributes.ts';
import type { S3Connection } from './s3-client.ts';
import { stripQuotes } from './s3-list.ts';
import { sendFitting } from './s3-properties.ts';
import { mostParts, uploadParts } from './s3-upload.ts';

const mebibyte = 1024 * 1024;

export async function writeS3Object(
  connection: S3Connection,
  request: WriteRequest,
): Promise<Outcome<ObjectInfo>> {
  const { partBytes } = connection.limits;
  // Everything is sent from buffers, which the SDK can send again; a stream could be sent only once.
  const written =
    request.sizeBytes <= partBytes
      ? await putWhole(connection, request)
      : await uploadParts(connection, {
          ...request,
          partBytes: choosePartBytes(request.sizeBytes, partBytes),
        });
  // Not listening any more is not enough: a source left half read would keep its connection.
  request.body.destroy();
  if (!written.ok) return written;
  const etag = typeof written.value === 'string' ? written.value : written.value?.etag;
  // The answer to a write carries no time; the store's own is a listing away and nobody compares it.
  const info = { key: request.key, sizeBytes: request.sizeBytes, modifiedAtMs: Date.now() };
  return succeed(etag === undefined ? info : { ...info, etag });
}

/** Always in parts: what was sent of a body that breaks off is thrown away at the store. */
export async function writeS3Stream(
  connection: S3Connection,
  request: StreamRequest,
): Promise<Outcome<ObjectInfo>> {
  const partBytes = choosePartBytes(request.expectedBytes, connection.limits.partBytes);
  const written = await uploadParts(connection, { ...request, sizeBytes: undefined, partBytes });
  request.body.destroy();
  if (!written.ok) return written;
  const { etag, sizeBytes } = written.value;
  const info = { key: request.key, sizeBytes, modifiedAtMs: Date.now() };
  return succeed(etag === undefined ? info : { ...info, etag });
}

function choosePartBytes(sizeBytes: number, leastBytes: number): number {
  const needed = Math.ceil(sizeBytes / mostParts / mebibyte) * mebibyte;
  return sizeBytes / leastBytes <= mostParts ? leastBytes : needed;
}

async function putWhole(
  connection: S3Connection,
  request: WriteRequest,
): Promise<Outcome<string | undefined>> {
  const { key, body, sizeBytes, signal } = request;
  const doing = `write ${connection.place(key)}`;
  let whole: Buffer | undefined;
  for await (const part of cutIntoParts({ body, sizeBytes, partBytes: sizeBytes, doing, signal })) {
    if (!part.ok) return part;
    whole = part.value;
  }
  if (whole === undefined) return fail(nothingRead(doing));
  const content = whole;
  const ContentMD5 = createHash('md5').update(content).digest('base64');
  const answer = await sendFitting({ connection, attributes: request.attributes }, (attributes) =>
    connection.call({
      verb: 'write',
      key,
      signal,
      sentBytes: sizeBytes,
      perform: ({ sdk, client, options }) =>
        client.send(
          new sdk.PutObjectCommand({
            Bucket: connection.bucket,
            Key: key,
            Body: content,
            ContentLength: content.length,
            // The store compares it with what arrived; buckets with object lock demand it.
            ContentMD5,
            ...writeAttributes(attributes),
          }),
          options,
        ),
    }),
  );
  if (!answer.ok) return answer;
  return succeed(answer.value.ETag === undefined ? undefined : stripQuotes(answer.value.ETag));
}

function nothingRead(doing: string) {
  return {
    code: 'damaged',
    message: `Cannot ${doing}: its content cannot be read.`,
    remedy: 'Read the source again.',
    retry: 'safe',
  } as const;
}
