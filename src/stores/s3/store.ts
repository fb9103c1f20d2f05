import { z } from 'zod';
import { createSecret } from '../../base/secret.ts';
import { placeholder, text } from '../../platform/declare-fields.ts';
import { defineStore } from '../store-kind.ts';
import { readEndpoint, showEndpoint } from './s3-identity.ts';
import { openS3ObjectStore } from './s3-object-store.ts';
import { endpointInEnvironment } from './s3-settings.ts';

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
  about:
    'A bucket of any S3 server: AWS, MinIO, Ceph, GCS, B2, R2. Without accessKey its credentials come from where the programs of AWS look.',
  fields: {
    endpoint: endpoint
      .optional()
      .describe(
        'Where the S3 interface answers, not a console or a proxy. Left out: AWS_ENDPOINT_URL, or endpoint_url of the profile, or AWS itself',
      ),
    region: text
      .optional()
      .describe(
        'Where the server knows regions. Left out: us-east-1; where endpoint or accessKey are left out as well, first AWS_REGION or that of the profile',
      ),
    bucket: text.describe('Name of the bucket'),
    accessKey: text.optional().describe('Access key id; with secretKey, or neither'),
    secretKey: text.optional().describe('Secret access key'),
    sessionToken: text.optional().describe('Of temporary keys'),
    profile: text
      .optional()
      .describe('Section of ~/.aws/credentials and ~/.aws/config; left out: AWS_PROFILE'),
    credentials: z
      .literal('anonymous')
      .optional()
      .describe('Of a bucket that everybody may list and read: nothing is signed'),
    addressing: z
      .enum(['path', 'virtual'])
      .optional()
      .describe('https://host/bucket or https://bucket.host; left out: path, but for AWS itself'),
    ca: text
      .optional()
      .describe('File of certificates (PEM) that are trusted for this store, beside those of this host'),
  },
  secrets: ['secretKey', 'sessionToken'],
  judge: judgeCredentials,
  example: {
    endpoint: 'https://s3.eu-west-1.amazonaws.com',
    region: 'eu-west-1',
    bucket: 'crm-backups',
    accessKey: placeholder('BACKUP_ACCESS_KEY'),
    secretKey: placeholder('BACKUP_SECRET_KEY'),
  },
  names: ({ endpoint, bucket, accessKey, profile, credentials }) => ({
    address: `s3://${bucket} ${describeEndpoint(endpoint, profile)}`,
    name: bucket,
    account: {
      id: createSecret(accessKey ?? `${credentials ?? 'found'} ${profile ?? ''}`),
      fields: ['accessKey', 'secretKey', 'sessionToken', 'profile', 'credentials'],
    },
  }),
  byHand: (fields, remote) => ({ settings: settingsByHand(fields), root: `${remote}:${fields.bucket}/` }),
  triesAgainItself: true,
  open: ({ endpoint, accessKey, secretKey, sessionToken, credentials, ...rest }) =>
    openS3ObjectStore({
      ...rest,
      endpoint: endpoint === undefined ? undefined : urlOf(endpoint),
      accessKey: accessKey === undefined ? undefined : createSecret(accessKey),
      secretKey: secretKey === undefined ? undefined : createSecret(secretKey),
      sessionToken: sessionToken === undefined ? undefined : createSecret(sessionToken),
      anonymous: credentials === 'anonymous',
    }),
});

/** As rclone calls them; of what is left out it has the same defaults. */
function settingsByHand(given: Given & { readonly endpoint?: z.output<typeof endpoint> | undefined }) {
  const { accessKey, secretKey, sessionToken, profile, credentials, addressing } = given;
  const all = {
    type: 's3',
    provider: given.endpoint === undefined ? 'AWS' : 'Other',
    endpoint: given.endpoint === undefined ? undefined : urlOf(given.endpoint),
    region: given.region,
    access_key_id: accessKey,
    secret_access_key: secretKey,
    session_token: sessionToken,
    profile,
    env_auth: accessKey === undefined && credentials === undefined ? 'true' : undefined,
    force_path_style: addressing === 'virtual' ? 'false' : undefined,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}

type Given = Partial<
  Record<
    'accessKey' | 'secretKey' | 'sessionToken' | 'profile' | 'credentials' | 'region' | 'addressing',
    string | undefined
  >
>;

/** Half a credential is a typing error: taking another one instead would be worse than refusing. */
function judgeCredentials({ accessKey, secretKey, sessionToken, profile, credentials }: Given) {
  if ((accessKey === undefined) !== (secretKey === undefined))
    return 'accessKey and secretKey go together: give both, or leave both out to use the credentials of this host';
  if (sessionToken !== undefined && accessKey === undefined)
    return 'sessionToken belongs to an accessKey and a secretKey';
  const ways = [accessKey, profile, credentials].filter((way) => way !== undefined);
  return ways.length > 1 ? 'accessKey, profile and credentials: give one of them' : undefined;
}

/** Nobody is asked: of a profile only its name is known. */
function describeEndpoint(given: z.output<typeof endpoint> | undefined, profile: string | undefined): string {
  const url = given === undefined ? endpointInEnvironment() : urlOf(given);
  if (url !== undefined) {
    const read = readEndpoint(url);
    return `at ${read === undefined ? url : showEndpoint(read)}`;
  }
  const named = profile ?? (process.env.AWS_PROFILE || undefined);
  return named === undefined ? 'at AWS' : `by the profile ${named}`;
}

function urlOf(given: z.output<typeof endpoint>): string {
  if (typeof given === 'string') return given;
  return `${given.tls.toLowerCase() === 'false' ? 'http' : 'https'}://${given.host}:${given.port}`;
}
