import { hash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/nested-clients/sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecret } from '../../../src/base/secret.ts';
import { hearOfSecrets } from '../../../src/platform/learned-secrets.ts';
import type { StoreDriver } from '../../../src/ports/object-store.ts';
import { nameStore } from '../../../src/stores/list.ts';
import type { S3Config } from '../../../src/stores/s3/open-client.ts';
import { failureFrom, put, valueFrom } from '../../contracts/object-store.contract.ts';
import { findMinio } from '../../parts/find-s3-servers.ts';
import { createBucket, startMinio } from '../../parts/s3-servers.ts';
import { startThaw, thawHere } from '../../parts/thaw.ts';
import { openBucketStore } from './open-bucket-store.ts';

// Where credentials come from when the runbook names none. The services of containers and instances are stand-ins on loopback.

const clean = /^AWS_|_PROXY$|_proxy$/;
const before = { ...process.env };
let folder: string;
const servers: Server[] = [];
const stores: StoreDriver[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thaw-aws-'));
  for (const name of Object.keys(process.env))
    if (clean.test(name)) Reflect.deleteProperty(process.env, name);
  process.env.AWS_SHARED_CREDENTIALS_FILE = join(folder, 'credentials');
  process.env.AWS_CONFIG_FILE = join(folder, 'config');
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
});
afterEach(async () => {
  for (const name of Object.keys(process.env))
    if (clean.test(name)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
  for (const store of stores.splice(0)) store.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const emptyList =
  '<?xml version="1.0"?><ListBucketResult><Name>b</Name><KeyCount>0</KeyCount></ListBucketResult>';

/** A store that takes everybody until it is told to refuse, and what each asked with. */
async function startStore() {
  const asked: IncomingMessage[] = [];
  let refusal: string | undefined;
  const endpoint = await serve((request, response) => {
    asked.push(request);
    request.resume();
    if (refusal !== undefined)
      return response.writeHead(400).end(`<Error><Code>${refusal}</Code><Message>words</Message></Error>`);
    response.writeHead(200, { 'content-type': 'application/xml' }).end(emptyList);
  });
  const last = () => {
    const { authorization = '', ...headers } = asked.at(-1)?.headers ?? {};
    const [, key, region] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(authorization) ?? [];
    return { key, region, token: headers['x-amz-security-token'], authorization };
  };
  const refuse = (code: string | undefined) => {
    refusal = code;
  };
  return { endpoint, last, refuse, count: () => asked.length };
}

const open = (config: Omit<S3Config, 'bucket'>) => openBucket({ bucket: 'b', ...config });

function openBucket(config: S3Config): StoreDriver {
  const store = openBucketStore(config);
  stores.push(store);
  return store;
}

function masked(text: string): boolean {
  const heard: string[] = [];
  hearOfSecrets((values) => heard.push(...values));
  return heard.includes(text);
}

const runbookOf = (store: string) => `thaw: 1
name: crm
title: CRM
objectives: { rto: 30m, rpo: 1h }
backups:
  store: ${store}
  dumps: { layout: "pg/{host}/{date}/{hour}.dump.gz" }
production:
  database: { url: postgresql://u@127.0.0.1:1/crm }
steps:
  - { kind: choose-snapshot }
`;

describe('Credentials that the runbook does not give', () => {
  it('come from the environment, session token and region included; those of the runbook go first', async () => {
    const store = await startStore();
    const { endpoint } = store;
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'ENVKEY',
      AWS_SECRET_ACCESS_KEY: 'secret-of-the-environment',
      AWS_SESSION_TOKEN: 'token-of-the-environment',
      AWS_REGION: 'eu-north-1',
    });
    const { credentials } = valueFrom(await open({ endpoint }).access());
    expect(credentials).toContain('AWS_ACCESS_KEY_ID in the environment, at 127.0.0.1:');
    expect(store.last()).toMatchObject({
      key: 'ENVKEY',
      region: 'eu-north-1',
      token: 'token-of-the-environment',
    });
    expect(masked('secret-of-the-environment') && masked('token-of-the-environment')).toBe(true);

    const own = { accessKey: createSecret('OWN'), secretKey: createSecret('own-secret') };
    const access = valueFrom(await open({ endpoint, ...own }).access());
    expect(access.credentials).toBeUndefined();
    expect(store.last()).toMatchObject({ key: 'OWN', region: 'us-east-1', token: undefined });
    await open({ endpoint, ...own, sessionToken: createSecret('own-token') }).access();
    expect(store.last()).toMatchObject({ key: 'OWN', token: 'own-token' });
  });

  it('come from a profile, with its region and endpoint, and are read anew when the store calls them stale', async () => {
    const store = await startStore();
    const write = (key: string) =>
      writeFile(
        join(folder, 'credentials'),
        `[backup]\naws_access_key_id = ${key}\naws_secret_access_key = secret-of-the-profile\n`,
      );
    await write('OLD');
    const config = (url: string) =>
      writeFile(join(folder, 'config'), `[profile backup]\nregion = eu-west-3\nendpoint_url = ${url}\n`);
    await config(store.endpoint);
    process.env.AWS_ACCESS_KEY_ID = 'ENVKEY';
    process.env.AWS_SECRET_ACCESS_KEY = 'secret-of-the-environment';
    expect(nameStore({ kind: 's3', bucket: 'b', profile: 'backup' }).address).toBe(
      's3://b by the profile backup',
    );
    const opened = open({ profile: 'backup' });
    const { credentials, identity } = valueFrom(await opened.access());
    expect(credentials).toBe(
      `profile backup of ${join(folder, 'credentials')}, at ${new URL(store.endpoint).host}`,
    );
    expect(identity.endpoint).toBe(new URL(store.endpoint).host.replace('127.0.0.1', 'localhost'));
    expect(store.last()).toMatchObject({ key: 'OLD', region: 'eu-west-3' });
    expect(masked('secret-of-the-profile')).toBe(true);

    store.refuse('ExpiredToken');
    const failure = failureFrom(await opened.access());
    expect(failure.code).toBe('denied');
    expect(failure.message).toBe('Cannot list s3://b: the session these credentials belong to is over.');
    expect(failure.remedy).toContain(`Renew profile backup of ${join(folder, 'credentials')}`);
    store.refuse(undefined);
    await write('NEW');
    valueFrom(await opened.access());
    expect(store.last().key).toBe('NEW');
  });

  it('are never those of an instance where a profile was named that is not there', async () => {
    const store = await startStore();
    const metadata = await startStore();
    process.env.AWS_EC2_METADATA_DISABLED = 'false';
    process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = metadata.endpoint;
    for (const profile of ['bakcup', undefined]) {
      if (profile === undefined) process.env.AWS_PROFILE = 'bakcup';
      const failure = failureFrom(await open({ endpoint: store.endpoint, profile }).access());
      expect(failure.code).toBe('invalid-input');
      expect(failure.message).toBe(
        `Cannot list s3://b: there is no profile bakcup in ${join(folder, 'credentials')} or ${join(folder, 'config')}.`,
      );
    }
    expect(metadata.count()).toBe(0);
    expect(store.count()).toBe(0);
  });

  it('are told to be nowhere with every source that was looked at', async () => {
    const store = open({ endpoint: 'http://127.0.0.1:1' });
    const failure = failureFrom(await store.access());
    expect(failure.code).toBe('invalid-input');
    expect(failureFrom(await store.rights()).code).toBe('invalid-input');
    for (const said of [
      'AWS_ACCESS_KEY_ID',
      'profile default in',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      'CONTAINER',
    ])
      expect(failure.message).toContain(said);
    expect(failure.message).toContain('switched off by AWS_EC2_METADATA_DISABLED');
    expect(failure.remedy).toContain('AWS_PROFILE');
    expect(failure.remedy).toContain('credentials: anonymous');
  });
});

/** The bundle brings each way to credentials along, or a user of it has none: it lists the store by its own. */
async function startBuilt(store: Awaited<ReturnType<typeof startStore>>, fields: string): Promise<void> {
  await writeFile(
    join(folder, 'crm.yaml'),
    runbookOf(`{ kind: s3, bucket: b, endpoint: "${store.endpoint}"${fields} }`),
  );
  const asked = store.count();
  const env = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && (clean.test(name) || name === 'HOME') ? [[name, value] as const] : [],
  );
  const { text: said } = await startThaw({
    args: ['snapshots', './crm.yaml'],
    env: { HOME: folder, ...Object.fromEntries(env) },
    cwd: folder,
  }).ended;
  expect(said).toContain('no snapshot');
  expect(store.count()).toBeGreaterThan(asked);
}

describe('Services that give credentials', () => {
  const given = {
    ...{ AccessKeyId: 'ROLEKEY', SecretAccessKey: 'secret-of-the-role', Token: 'token-of-the-role' },
    ...{ Code: 'Success', Expiration: new Date(Date.now() + 3_600_000).toISOString() },
  };

  it('are asked by a container with its token', async () => {
    const store = await startStore();
    const heard: (string | undefined)[] = [];
    const service = await serve((request, response) => {
      heard.push(request.headers.authorization);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(given));
    });
    process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `${service}/creds`;
    process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN = 'token-of-the-container';
    const { credentials } = valueFrom(await open({ endpoint: store.endpoint }).access());
    expect(credentials).toContain("the container's own credentials");
    expect(heard).toEqual(['token-of-the-container']);
    expect(store.last()).toMatchObject({ key: 'ROLEKEY', token: 'token-of-the-role' });
    expect(masked('secret-of-the-role')).toBe(true);
  });

  it('are asked with the identity of a service account: STS gives the keys of the role, to the program as it is built, too', async () => {
    const store = await startStore();
    const heard: URLSearchParams[] = [];
    process.env.AWS_ENDPOINT_URL_STS = await serve(async (request, response) => {
      heard.push(new URLSearchParams(await text(request)));
      const { AccessKeyId, SecretAccessKey, Token, Expiration } = given;
      const keys = Object.entries({ AccessKeyId, SecretAccessKey, SessionToken: Token, Expiration });
      const said = keys.map(([name, value]) => `<${name}>${value}</${name}>`).join('');
      response.end(
        `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>${said}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
      );
    });
    process.env.AWS_WEB_IDENTITY_TOKEN_FILE = join(folder, 'token');
    process.env.AWS_ROLE_ARN = 'arn:aws:iam::000000000000:role/backup';
    await writeFile(join(folder, 'token'), 'token-of-the-service-account');
    const { credentials } = valueFrom(await open({ endpoint: store.endpoint }).access());
    expect(credentials).toContain('the web identity of AWS_WEB_IDENTITY_TOKEN_FILE');
    expect(store.last()).toMatchObject({ key: 'ROLEKEY', token: 'token-of-the-role' });
    expect(masked('secret-of-the-role')).toBe(true);
    await startBuilt(store, '');
    expect(store.last()).toMatchObject({ key: 'ROLEKEY', token: 'token-of-the-role' });
    expect(heard.map((asked) => asked.get('WebIdentityToken'))).toEqual(
      Array(2).fill('token-of-the-service-account'),
    );
    expect(heard[0]?.get('RoleArn')).toBe('arn:aws:iam::000000000000:role/backup');
  });

  it('are asked by a profile with the session of a single sign-on; once it is over, the login is named', async () => {
    const store = await startStore();
    const heard = new Set<string>();
    process.env.AWS_ENDPOINT_URL_SSO = await serve((request, response) => {
      heard.add(`${request.url} ${request.headers['x-amz-sso_bearer_token']}`);
      const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken } = given;
      const keys = { accessKeyId, secretAccessKey, sessionToken, expiration: Date.now() + 3_600_000 };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ roleCredentials: keys }));
    });
    process.env.HOME = folder;
    await writeFile(
      join(folder, 'config'),
      `[profile backup]\nsso_session = harbour\nsso_account_id = 000000000000\nsso_role_name = Backup\n[sso-session harbour]\nsso_region = eu-west-1\nsso_start_url = https://harbour.awsapps.example/start\n`,
    );
    const cache = join(folder, '.aws/sso/cache');
    await mkdir(cache, { recursive: true });
    const logIn = (expiresAt: number) =>
      writeFile(
        join(cache, `${hash('sha1', 'harbour')}.json`),
        JSON.stringify({ accessToken: 'token-of-the-login', expiresAt: new Date(expiresAt).toISOString() }),
      );
    await logIn(Date.now() + 3_600_000);
    const { credentials } = valueFrom(await open({ endpoint: store.endpoint, profile: 'backup' }).access());
    expect(credentials).toContain(`the single sign-on of profile backup of ${join(folder, 'config')}`);
    expect(store.last()).toMatchObject({ key: 'ROLEKEY', token: 'token-of-the-role' });
    await startBuilt(store, ', profile: backup');
    expect(store.last()).toMatchObject({ key: 'ROLEKEY', token: 'token-of-the-role' });
    expect([...heard]).toEqual([
      '/federation/credentials?account_id=000000000000&role_name=Backup token-of-the-login',
    ]);
    await logIn(Date.now() - 1000);
    const failure = failureFrom(await open({ endpoint: store.endpoint, profile: 'backup' }).access());
    expect(failure.code).toBe('invalid-input');
    expect(failure.message).toContain('is over');
    expect(failure.remedy).toContain('aws sso login --profile backup');
    expect(JSON.stringify(failure)).not.toContain('token-of-the-login');
  });

  it('are asked on an instance by its second version, with a session, and never through a proxy', async () => {
    const store = await startStore();
    const heard: string[] = [];
    const metadata = await serve((request, response) => {
      heard.push(`${request.method} ${request.url} ${request.headers['x-aws-ec2-metadata-token'] ?? '-'}`);
      if (request.method === 'PUT') return response.end('imds-session');
      response.end(request.url?.endsWith('/') ? 'backup-role' : JSON.stringify(given));
    });
    process.env.HTTP_PROXY = 'http://127.0.0.1:1';
    process.env.AWS_EC2_METADATA_DISABLED = 'false';
    process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = metadata;
    const { credentials } = valueFrom(await open({ endpoint: store.endpoint }).access());
    expect(credentials).toContain('the role of this instance (its metadata service)');
    expect(heard).toEqual([
      'PUT /latest/api/token -',
      'GET /latest/meta-data/iam/security-credentials/ imds-session',
      'GET /latest/meta-data/iam/security-credentials/backup-role imds-session',
    ]);
    expect(store.last()).toMatchObject({ key: 'ROLEKEY', token: 'token-of-the-role' });
  });
});

describe('A reader without a key', () => {
  it('signs nothing, gets an address without a signature, and is told so when he is refused', async () => {
    const store = await startStore();
    const reader = open({ endpoint: store.endpoint, anonymous: true });
    expect(valueFrom(await reader.access()).credentials).toContain('a reader without a key, at');
    expect(store.last().authorization).toBe('');
    expect(valueFrom(await reader.signedUrl({ key: 'a b/ä', expiresInSeconds: 60 }))).toBe(
      `${store.endpoint}/b/a%20b/%C3%A4`,
    );
    const shut = await serve((_request, response) => {
      response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>words</Message></Error>');
    });
    const failure = failureFrom(await open({ endpoint: shut, anonymous: true }).access());
    expect(failure.message).toBe('Cannot list s3://b: access is denied to a reader without a key.');
  });
});

const minio = await findMinio();
describe('On MinIO', () => {
  it('temporary keys open the bucket with their token, by hand and by a profile that takes a role', async () => {
    if ('absentBecause' in minio) {
      process.stderr.write(`\nTemporary keys of MinIO are NOT tried: ${minio.absentBecause}.\n`);
      return expect(process.env.CI, 'CI has to have every part').toBeUndefined();
    }
    const server = await startMinio(minio.binary);
    try {
      const { endpoint, region, bucket, accessKey, secretKey } = await createBucket(server);
      const keys = { accessKeyId: accessKey.reveal(), secretAccessKey: secretKey.reveal() };
      // Just begun, it gives buckets before it gives keys.
      const sts = new STSClient({ endpoint, region, credentials: keys, maxAttempts: 10 });
      const role = { RoleArn: 'arn:aws:iam::000000000000:role/backup', RoleSessionName: 'thaw' };
      const { Credentials } = await sts.send(new AssumeRoleCommand(role));
      sts.destroy();
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
      const temporary = { accessKey: createSecret(AccessKeyId), secretKey: createSecret(SecretAccessKey) };
      const whole = { bucket, endpoint, ...temporary, sessionToken: createSecret(SessionToken) };
      valueFrom(await put(openBucket(whole), 'by hand', Buffer.from('x')));
      const without = failureFrom(await openBucket({ bucket, endpoint, ...temporary }).access());
      expect(without.code).toBe('denied');
      const damaged = failureFrom(
        await openBucket({ ...whole, sessionToken: createSecret(`${SessionToken}x`) }).access(),
      );
      expect(damaged.message).toContain('the store does not take the session token');
      expect(JSON.stringify([without, damaged])).not.toContain(SecretAccessKey);

      await writeFile(
        join(folder, 'config'),
        `[profile owner]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n[profile backup]\nrole_arn = ${role.RoleArn}\nsource_profile = owner\nendpoint_url = ${endpoint}\n`,
      );
      const byRole = openBucket({ bucket, profile: 'backup' });
      process.env.AWS_ENDPOINT_URL_STS = endpoint;
      valueFrom(await put(byRole, 'by a role', Buffer.from('y')));
      const { credentials } = valueFrom(await byRole.access());
      const text = runbookOf(`{ kind: s3, bucket: ${bucket}, profile: backup }`);
      await writeFile(join(folder, 'crm.yaml'), text);
      const check = await thawHere({ args: ['check', './crm.yaml'], env: {}, cwd: folder });
      expect(check.text).toContain(
        `✓ passed  choose-snapshot: s3://${bucket} by the profile backup is opened with the role that profile backup of`,
      );
      expect(check.text).not.toContain(keys.secretAccessKey);
      expect(credentials).toContain(`the role that profile backup of ${join(folder, 'config')} takes, at`);
    } finally {
      await server.stop();
    }
  });
});
