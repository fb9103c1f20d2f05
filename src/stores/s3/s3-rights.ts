import { createHash, randomBytes } from 'node:crypto';
import type { Failure } from '../../base/failure.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import type { StoreRights } from '../../ports/object-store.ts';
import type { S3Connection } from './s3-client.ts';

/**
 * Stores look at the right before they look at the content: a write with a wrong checksum is refused as AccessDenied or as
 * BadDigest, and neither leaves an object.
 */
export async function askRights(connection: S3Connection): Promise<Outcome<StoreRights>> {
  const key = `.thaw-rights-${randomBytes(8).toString('hex')}`;
  const write = await askToWrite(connection, key);
  if (!write.ok) return write;
  return succeed({ write: write.value, remove: await askToRemove(connection, key) });
}

async function askToWrite(connection: S3Connection, key: string): Promise<Outcome<StoreRights['write']>> {
  const answer = await connection.call({
    verb: 'write',
    key,
    perform: ({ sdk, client, options }) =>
      client.send(
        new sdk.PutObjectCommand({
          Bucket: connection.bucket,
          Key: key,
          Body: Buffer.from('thaw'),
          ContentMD5: createHash('md5').update('not thaw').digest('base64'),
        }),
        options,
      ),
  });
  // Nobody was asked: where there are no credentials, nothing is known of what they may do.
  const isUnasked = connection.opened() === undefined;
  if (!answer.ok)
    return isUnasked || answer.failure.code === 'unreachable' ? answer : succeed(readRefusal(answer.failure));
  // A store that looks at no checksum has written it.
  await askToRemove(connection, key);
  return succeed('yes');
}

function readRefusal(failure: Failure): StoreRights['write'] {
  if (failure.code === 'denied') return 'no';
  return failure.code === 'damaged' ? 'yes' : 'unknown';
}

async function askToRemove(connection: S3Connection, key: string): Promise<StoreRights['remove']> {
  const answer = await connection.call({
    verb: 'remove',
    key,
    perform: ({ sdk, client, options }) =>
      client.send(new sdk.DeleteObjectCommand({ Bucket: connection.bucket, Key: key }), options),
  });
  if (answer.ok || answer.failure.code === 'not-found') return 'yes';
  return answer.failure.code === 'denied' ? 'no' : 'unknown';
}
