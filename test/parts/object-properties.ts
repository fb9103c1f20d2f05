import {
  GetObjectAclCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { BucketConfig } from './bucket.ts';
import { putInParts } from './put-in-parts.ts';

/** Everything about an object that is not its content, as the SDK says it. */
export type Properties = {
  readonly type: string | undefined;
  readonly caching: string | undefined;
  readonly expires: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly redirect: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly isPublic: boolean;
};

/** What an application may have given its objects. */
export const given = {
  ContentType: 'application/pdf',
  CacheControl: 'max-age=60',
  Expires: new Date('2031-01-01T00:00:00Z'),
  Metadata: { owner: 'Grün & Söhne' },
  WebsiteRedirectLocation: '/elsewhere',
  Tagging: 'class=invoice&keep=10%20years',
  ACL: 'public-read',
} as const;

export function openProperties(config: BucketConfig) {
  const { endpoint, region, bucket: Bucket } = config;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId: config.accessKey.reveal(), secretAccessKey: config.secretKey.reveal() },
  });
  const metadata = { owner: `=?UTF-8?B?${Buffer.from(given.Metadata.owner).toString('base64')}?=` };
  return {
    async putWhole(Key: string, Body: Buffer): Promise<void> {
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ...given, Metadata: metadata }));
    },
    putInParts: (Key: string, content: Buffer, partBytes: number): Promise<void> =>
      putInParts(client, { Bucket, Key, ...given, Metadata: metadata, content, partBytes }),
    async tag(Key: string, tags: Readonly<Record<string, string>>): Promise<void> {
      const TagSet = Object.entries(tags).map(([name, Value]) => ({ Key: name, Value }));
      await client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
    },
    async makePublic(Key: string): Promise<void> {
      await client.send(new PutObjectAclCommand({ Bucket, Key, ACL: 'public-read' }));
    },
    async of(Key: string): Promise<Properties> {
      const place = { Bucket, Key };
      const head = await client.send(new HeadObjectCommand(place));
      const tagging = await client.send(new GetObjectTaggingCommand(place));
      const acl = await client.send(new GetObjectAclCommand(place));
      return {
        type: head.ContentType,
        caching: head.CacheControl,
        expires: head.ExpiresString,
        metadata: head.Metadata ?? {},
        redirect: head.WebsiteRedirectLocation,
        tags: Object.fromEntries(
          (tagging.TagSet ?? []).map(({ Key: name = '', Value = '' }) => [name, Value]),
        ),
        isPublic: (acl.Grants ?? []).some(({ Grantee }) => Grantee?.URI?.endsWith('/AllUsers')),
      };
    },
    close: () => client.destroy(),
  };
}
