import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Secret } from '../../src/base/secret.ts';

export type BucketConfig = {
  readonly kind: 's3';
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: Secret;
  readonly secretKey: Secret;
};

/** A bucket as a test sees it: by the SDK alone, so that what thaw says about it can be held against it. */
export type Bucket = {
  readonly config: BucketConfig;
  put(key: string, body: Buffer): Promise<void>;
  /** Every file of a folder, its path below the folder being the key. */
  putFolder(folder: string): Promise<void>;
  get(key: string): Promise<Buffer>;
  remove(keys: readonly string[]): Promise<void>;
  /** Keys below a prefix, in byte order. */
  keys(prefix?: string): Promise<readonly string[]>;
  /** SHA-256 of every object's whole content, by key without the prefix. */
  digests(prefix?: string): Promise<ReadonlyMap<string, string>>;
  close(): void;
};

const workers = 24;

export function openBucket(config: BucketConfig): Bucket {
  const { endpoint, region, bucket: Bucket } = config;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    maxAttempts: 5,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    credentials: { accessKeyId: config.accessKey.reveal(), secretAccessKey: config.secretKey.reveal() },
    requestHandler: { httpAgent: { maxSockets: workers } },
  });
  const put = async (key: string, body: Buffer) => {
    await client.send(new PutObjectCommand({ Bucket, Key: key, Body: body }));
  };
  const get = async (key: string) => {
    const answer = await client.send(new GetObjectCommand({ Bucket, Key: key }));
    return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
  };
  const keys = async (prefix = '') => {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix: prefix, ...(token ? { ContinuationToken: token } : {}) }),
      );
      found.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return found;
  };
  return {
    config,
    put,
    get,
    keys,
    async putFolder(folder) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name));
      await eachOf(files, async (file) => put(file.slice(folder.length + 1), await readFile(file)));
    },
    remove: (removed) =>
      eachOf(removed, async (key) => {
        await client.send(new DeleteObjectCommand({ Bucket, Key: key }));
      }),
    async digests(prefix = '') {
      const digests = new Map<string, string>();
      await eachOf(await keys(prefix), async (key) => {
        digests.set(
          key.slice(prefix.length),
          createHash('sha256')
            .update(await get(key))
            .digest('hex'),
        );
      });
      return new Map([...digests].sort(([a], [b]) => (a < b ? -1 : 1)));
    },
    close: () => client.destroy(),
  };
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const one = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, one));
}
