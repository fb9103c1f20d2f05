import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ObjectInfo, ThawRequest } from '../../ports/object-store.ts';
import type { RawStore } from '../store-kind.ts';
import { defaultS3Limits, type S3Config, type S3Limits } from './open-client.ts';
import { accessBucket } from './s3-access.ts';
import { createS3Connection, type S3Connection } from './s3-client.ts';
import { listS3Objects } from './s3-list.ts';
import { describeS3Attributes } from './s3-properties.ts';
import { describeAnswer, readS3Object } from './s3-read.ts';
import { removeS3Folder, removeS3Object } from './s3-remove.ts';
import { askRights } from './s3-rights.ts';
import { writeS3Object, writeS3Stream } from './s3-write.ts';

/** A bucket of any S3 server: AWS, MinIO, Ceph, GCS, B2, R2. Nothing is contacted before the first method is called. */
export function openS3ObjectStore(config: S3Config, limits?: Partial<S3Limits>): RawStore {
  const connection = createS3Connection({ config, limits: { ...defaultS3Limits, ...limits } });
  return {
    address: `${connection.place()} at ${connection.host()}`,
    access: (signal) => accessBucket(connection, signal),
    list: (request) => listS3Objects(connection, request),
    describe: (key) => describeObject(connection, key),
    attributes: (key) => describeS3Attributes(connection, key),
    read: (request) => readS3Object(connection, request),
    write: (request) => writeS3Object(connection, request),
    writeStream: (request) => writeS3Stream(connection, request),
    remove: (key) => removeS3Object(connection, key),
    removeFolder: (prefix) => removeS3Folder(connection, prefix),
    rights: () => askRights(connection),
    thaw: (request) => thawS3Object(connection, request),
    signedUrl: (request) => signUrl(connection, request),
    close: () => connection.close(),
  };
}

async function describeObject(
  connection: S3Connection,
  key: string,
): Promise<Outcome<ObjectInfo | undefined>> {
  const answer = await connection.call({
    verb: 'describe',
    key,
    perform: ({ sdk, client, options }) =>
      client.send(new sdk.HeadObjectCommand({ Bucket: connection.bucket, Key: key }), options),
  });
  if (answer.ok) return succeed(describeAnswer(key, answer.value));
  return explainHead(connection, answer.failure);
}

/** The answer to a HEAD has no body, hence no code: what a 404 or 403 is about has to be asked once more. */
async function explainHead(
  connection: S3Connection,
  failure: Failure,
): Promise<Outcome<ObjectInfo | undefined>> {
  const isMissing = failure.code === 'not-found';
  if (isMissing && connection.bucketSeen()) return succeed(undefined);
  if (!isMissing && failure.code !== 'denied') return fail(failure);
  const access = await accessBucket(connection);
  if (!access.ok) return isMissing && access.failure.code === 'denied' ? succeed(undefined) : access;
  return isMissing ? succeed(undefined) : fail(failure);
}

/** The longest life of a signature of version 4. */
const longestSignatureSeconds = 7 * 24 * 3600;

async function signUrl(
  connection: S3Connection,
  request: { readonly key: string; readonly expiresInSeconds: number },
): Promise<Outcome<string>> {
  const { key, expiresInSeconds } = request;
  if (expiresInSeconds < 1 || expiresInSeconds > longestSignatureSeconds) {
    return fail({
      code: 'invalid-input',
      message: `Cannot sign a URL for ${connection.place(key)}: ${expiresInSeconds} s is not between 1 s and 7 days.`,
      remedy: 'Ask for a shorter time.',
      retry: 'never',
    });
  }
  return connection.call({
    verb: 'sign a URL for',
    asksStore: false,
    key,
    perform: async ({ sdk, client }) => {
      const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
      const command = new sdk.GetObjectCommand({ Bucket: connection.bucket, Key: key });
      const signed = await getSignedUrl(client, command, { expiresIn: Math.floor(expiresInSeconds) });
      // What everybody may read needs no signature, and ours would be nobody's.
      return connection.isAnonymous ? signed.replace(/\?.*$/, '') : signed;
    },
  });
}

/** What is under way already is as good as asked for. */
async function thawS3Object(
  connection: S3Connection,
  { key, tier, days }: ThawRequest,
): Promise<Outcome<void>> {
  const answer = await connection.call({
    verb: 'bring back from cold storage',
    key,
    perform: ({ sdk, client, options }) =>
      client
        .send(
          new sdk.RestoreObjectCommand({
            Bucket: connection.bucket,
            Key: key,
            RestoreRequest: { Days: days, GlacierJobParameters: { Tier: tier } },
          }),
          options,
        )
        .catch((error: unknown) => {
          if (error instanceof Error && error.name === 'RestoreAlreadyInProgress') return undefined;
          throw error;
        }),
  });
  return answer.ok ? succeed(undefined) : answer;
}
