import { z } from 'zod';
import { createSecret } from '../../base/secret.ts';
import { placeholder, text } from '../../platform/declare-fields.ts';
import { defineStore } from '../store-kind.ts';
import { readEndpoint } from './s3-identity.ts';
import { openS3ObjectStore } from './s3-object-store.ts';

const endpoint = z
  .union([
    text.describe('URL with scheme'),
    z
      .strictObject({
        host: text.describe('Name or address'),
        port: text.describe('Port'),
        tls: text.describe('true or false'),
      })
      .describe('The same in parts, for systems that keep host, port and TLS in three variables'),
  ])
  .describe('Where the S3 interface answers, not a console or a proxy');

export const s3 = defineStore({
  kind: 's3',
  about: 'A bucket of any S3 server: AWS, MinIO, Ceph, GCS, B2, R2.',
  fields: {
    endpoint,
    region: text.default('us-east-1').describe('Where the server knows regions'),
    bucket: text.describe('Name of the bucket'),
    accessKey: text.describe('Access key id'),
    secretKey: text.describe('Secret access key'),
  },
  secrets: ['secretKey'],
  example: {
    endpoint: 'https://s3.eu-west-1.amazonaws.com',
    region: 'eu-west-1',
    bucket: 'crm-backups',
    accessKey: placeholder('BACKUP_ACCESS_KEY'),
    secretKey: placeholder('BACKUP_SECRET_KEY'),
  },
  names: ({ endpoint, bucket, accessKey }) => ({
    address: `s3://${bucket} at ${readEndpoint(urlOf(endpoint))?.host ?? urlOf(endpoint)}`,
    name: bucket,
    account: { id: createSecret(accessKey), fields: ['accessKey', 'secretKey'] },
  }),
  byHand: ({ endpoint, region, bucket, accessKey, secretKey }, remote) => ({
    settings: {
      type: 's3',
      provider: 'Other',
      endpoint: urlOf(endpoint),
      region,
      access_key_id: accessKey,
      secret_access_key: secretKey,
    },
    root: `${remote}:${bucket}/`,
  }),
  triesAgainItself: true,
  open: ({ endpoint, region, bucket, accessKey, secretKey }) =>
    openS3ObjectStore({
      endpoint: urlOf(endpoint),
      region,
      bucket,
      accessKey: createSecret(accessKey),
      secretKey: createSecret(secretKey),
    }),
});

function urlOf(given: z.output<typeof endpoint>): string {
  if (typeof given === 'string') return given;
  return `${given.tls.toLowerCase() === 'false' ? 'http' : 'https'}://${given.host}:${given.port}`;
}
