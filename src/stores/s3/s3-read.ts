import type { Readable } from 'node:stream';
import { isCold } from '../../base/cold-storage.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ObjectInfo, ReadRequest } from '../../ports/object-store.ts';
import type { RawBody } from '../store-kind.ts';
import { readAttributes } from './s3-attributes.ts';
import type { S3Connection } from './s3-client.ts';
import { stripQuotes } from './s3-list.ts';
import { allAttributes } from './s3-properties.ts';

type Answer = {
  readonly ContentLength?: number | undefined;
  readonly ContentRange?: string | undefined;
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
  readonly StorageClass?: string | undefined;
  readonly ArchiveStatus?: string | undefined;
  readonly Restore?: string | undefined;
};

export async function readS3Object(
  connection: S3Connection,
  request: ReadRequest,
): Promise<Outcome<RawBody>> {
  const answer = await connection.call({
    verb: 'read',
    key: request.key,
    signal: request.signal,
    perform: ({ sdk, client, options }) =>
      client.send(
        new sdk.GetObjectCommand({
          Bucket: connection.bucket,
          Key: request.key,
          Range: describeRange(request),
          IfMatch: request.ifMatch === undefined ? undefined : `"${request.ifMatch}"`,
        }),
        options,
      ),
  });
  if (!answer.ok) return answer;
  const source = answer.value.Body as Readable | undefined;
  const doing = `read ${connection.place(request.key)}`;
  const expectedBytes = answer.value.ContentLength;
  const trouble = findTrouble({ request, answer: answer.value });
  if (source === undefined || expectedBytes === undefined || trouble !== undefined) {
    source?.destroy();
    return fail(unfitAnswer({ connection, doing, because: trouble ?? 'the answer does not say its length' }));
  }
  const { signal, key } = request;
  const attributes = request.allAttributes
    ? await allAttributes(connection, { key, answer: answer.value, signal })
    : readAttributes(answer.value);
  return succeed({
    info: describeAnswer(key, answer.value),
    attributes,
    body: source,
    explain: (error) => connection.explain({ doing, error, signal }),
  });
}

export function describeAnswer(key: string, answer: Answer): ObjectInfo {
  return {
    key,
    sizeBytes: totalBytes(answer),
    modifiedAtMs: answer.LastModified?.getTime() ?? 0,
    ...(answer.ETag ? { etag: stripQuotes(answer.ETag) } : {}),
    ...(answer.StorageClass ? { storageClass: answer.StorageClass } : {}),
    ...readThaw(answer),
  };
}

/** docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html, x-amz-restore. An archive tier of INTELLIGENT_TIERING is cold as well. */
function readThaw({
  StorageClass,
  ArchiveStatus,
  Restore,
}: Answer): Pick<ObjectInfo, 'thaw' | 'storageClass'> {
  const storageClass = ArchiveStatus || StorageClass;
  if (!isCold({ storageClass })) return {};
  const ongoing = /ongoing-request="(true|false)"/.exec(Restore ?? '')?.[1];
  const thaw = ongoing === undefined ? 'none' : ongoing === 'true' ? 'under-way' : 'done';
  return { thaw, ...(storageClass === undefined ? {} : { storageClass }) };
}

function describeRange(request: ReadRequest): string | undefined {
  if (request.fromByte === undefined && request.toByte === undefined) return undefined;
  return `bytes=${request.fromByte ?? 0}-${request.toByte ?? ''}`;
}

/** A proxy that drops the Range header answers 200 with everything: written at an offset, that would be garbage. */
function findTrouble(request: {
  readonly request: ReadRequest;
  readonly answer: Answer;
}): string | undefined {
  const from = request.request.fromByte ?? 0;
  if (describeRange(request.request) === undefined) return undefined;
  const begun = /^bytes (\d+)-/.exec(request.answer.ContentRange ?? '')?.[1];
  if (begun === undefined) return 'the whole object came instead of the range asked for';
  return Number(begun) === from ? undefined : `the answer begins at byte ${begun} instead of ${from}`;
}

function totalBytes(answer: Answer): number {
  const total = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
  return total === undefined ? (answer.ContentLength ?? 0) : Number(total);
}

function unfitAnswer(request: {
  readonly connection: S3Connection;
  readonly doing: string;
  readonly because: string;
}): Failure {
  return {
    code: 'command-failed',
    message: `Cannot ${request.doing}: ${request.because}.`,
    remedy: `Reach ${request.connection.host()} without the proxy in between, or use another endpoint.`,
    retry: 'after-fix',
  };
}
