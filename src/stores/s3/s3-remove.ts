import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { folderFailure } from '../../base/folder-prefix.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { S3Connection } from './s3-client.ts';
import { listS3Objects } from './s3-list.ts';

export async function removeS3Object(
  connection: S3Connection,
  key: string,
): Promise<Outcome<'hidden' | undefined>> {
  const answer = await connection.call({
    verb: 'remove',
    key,
    perform: ({ sdk, client, options }) =>
      client.send(new sdk.DeleteObjectCommand({ Bucket: connection.bucket, Key: key }), options),
  });
  if (answer.ok) return succeed(answer.value.DeleteMarker === true ? 'hidden' : undefined);
  // Some servers answer 404 where S3 answers 204; a missing bucket is still a failure, as is a wrong credential.
  if (answer.failure.code === 'not-found' && connection.bucketSeen()) return succeed(undefined);
  return answer;
}

const removedAtOnce = 16;

/** One by one: Google Cloud Storage knows no removal of many keys in one call. */
export async function removeS3Folder(
  connection: S3Connection,
  prefix: string,
): Promise<Outcome<'hidden' | undefined>> {
  const refused = folderFailure(connection.place(prefix), prefix);
  if (refused !== undefined) return fail(refused);
  let how: 'hidden' | undefined;
  for await (const page of listS3Objects(connection, { prefix })) {
    if (!page.ok) return page;
    const removed = await removeAll(connection, page.value);
    if (!removed.ok) return removed;
    how ??= removed.value;
  }
  return succeed(how);
}

async function removeAll(
  connection: S3Connection,
  objects: readonly ObjectInfo[],
): Promise<Outcome<'hidden' | undefined>> {
  let how: 'hidden' | undefined;
  for (let first = 0; first < objects.length; first += removedAtOnce) {
    const some = objects.slice(first, first + removedAtOnce);
    const removed = await Promise.all(some.map(({ key }) => removeS3Object(connection, key)));
    const bad = removed.find((one) => !one.ok);
    if (bad !== undefined) return bad;
    if (removed.some((one) => one.ok && one.value === 'hidden')) how = 'hidden';
  }
  return succeed(how);
}
