import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { S3Connection } from './s3-client.ts';

type Page = { readonly objects: readonly ObjectInfo[]; readonly next: string | undefined };
type PageRequest = {
  readonly prefix: string;
  readonly token: string | undefined;
  readonly signal: AbortSignal;
};

/** The next page is on its way while the caller works on this one. */
export async function* listS3Objects(
  connection: S3Connection,
  request: { readonly prefix: string; readonly signal?: AbortSignal },
): AsyncGenerator<Outcome<readonly ObjectInfo[]>> {
  const leave = new AbortController();
  const signal =
    request.signal === undefined ? leave.signal : AbortSignal.any([request.signal, leave.signal]);
  const ask = (token: string | undefined) =>
    askForPage(connection, { prefix: request.prefix, token, signal });
  try {
    let coming: Promise<Outcome<Page>> | undefined = ask(undefined);
    while (coming !== undefined) {
      const page: Outcome<Page> = await coming;
      if (!page.ok) {
        yield page;
        return;
      }
      coming = page.value.next === undefined ? undefined : ask(page.value.next);
      yield succeed(page.value.objects);
    }
  } finally {
    // A caller who stops early leaves a request behind, which nobody will read.
    leave.abort();
  }
}

async function askForPage(connection: S3Connection, request: PageRequest): Promise<Outcome<Page>> {
  const answer = await connection.call({
    verb: 'list',
    key: request.prefix,
    signal: request.signal,
    perform: ({ sdk, client, options }) =>
      client.send(
        new sdk.ListObjectsV2Command({
          Bucket: connection.bucket,
          Prefix: request.prefix,
          ContinuationToken: request.token,
          MaxKeys: connection.limits.keysPerPage,
          // Keys may hold characters that XML cannot carry.
          EncodingType: 'url',
        }),
        options,
      ),
  });
  if (!answer.ok) return answer;
  const page = answer.value;
  const decode = page.EncodingType === 'url' ? decodeKey : (key: string) => key;
  if (page.IsTruncated && !page.NextContinuationToken)
    return fail(endlessListing(connection, request.prefix));
  const objects = (page.Contents ?? []).map((object) => ({
    key: decode(object.Key ?? ''),
    sizeBytes: object.Size ?? 0,
    modifiedAtMs: object.LastModified?.getTime() ?? 0,
    ...(object.ETag ? { etag: stripQuotes(object.ETag) } : {}),
    ...(object.StorageClass ? { storageClass: object.StorageClass } : {}),
  }));
  return succeed({ objects, next: page.IsTruncated ? page.NextContinuationToken : undefined });
}

function endlessListing(connection: S3Connection, prefix: string) {
  return {
    code: 'command-failed',
    message: `Cannot list ${connection.place(prefix)}: the store at ${connection.host} says there is more but not where.`,
    remedy: 'Check that the endpoint speaks S3 ListObjectsV2.',
    retry: 'never',
  } as const;
}

export function stripQuotes(etag: string): string {
  return etag.replace(/^(?:W\/)?"|"$/g, '');
}

/** The SDK leaves keys as the store encoded them, in the way of forms: a plus is a space. */
function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}
