import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  request as send,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { httpGet } from '../../../src/adapters/disk/http-get.ts';
import { createSecret } from '../../../src/base/secret.ts';
import type { StoreDriver } from '../../../src/ports/object-store.ts';
import { nameStore } from '../../../src/stores/list.ts';
import type { S3Config } from '../../../src/stores/s3/open-client.ts';
import { failureFrom, put, valueFrom } from '../../contracts/object-store.contract.ts';
import { findMinio } from '../../parts/find-s3-servers.ts';
import { createBucket, minioDomain, startMinio } from '../../parts/s3-servers.ts';
import { openBucketStore } from './open-bucket-store.ts';

// Between this host and a store: proxies, authorities of one's own, other regions, paths, redirects. Everything is on loopback.

const clean = /^AWS_|_PROXY$|_proxy$|^SSL_CERT_FILE$/;
const before = { ...process.env };
const servers: Server[] = [];
const stores: StoreDriver[] = [];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-networks-'));
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Harbour Root CA');
  const names = 'subjectAltName=DNS:store.example,IP:127.0.0.1';
  const signed = [
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-addext',
    names,
    '-addext',
    'basicConstraints=CA:FALSE',
  ];
  openssl(
    'req',
    '-x509',
    ...key,
    ...signed,
    '-keyout',
    'store.key',
    '-out',
    'store.pem',
    '-subj',
    '/CN=store',
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (clean.test(name)) Reflect.deleteProperty(process.env, name);
});
afterEach(() => {
  for (const name of Object.keys(process.env))
    if (clean.test(name)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
  for (const store of stores.splice(0)) store.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const listening = async (server: Server): Promise<number> => {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

const emptyList =
  '<?xml version="1.0"?><ListBucketResult><Name>b</Name><KeyCount>0</KeyCount></ListBucketResult>';

/** Answers with an empty listing, and keeps what it was asked. */
function storeAnswer() {
  const asked: IncomingMessage[] = [];
  const answer: RequestListener = (request, response) => {
    asked.push(request);
    request.resume();
    response.writeHead(200, { 'content-type': 'application/xml' }).end(emptyList);
  };
  return { asked, answer };
}

async function serveTls() {
  const { asked, answer } = storeAnswer();
  const files = {
    key: readFileSync(join(folder, 'store.key')),
    cert: readFileSync(join(folder, 'store.pem')),
  };
  const port = await listening(createSecureServer(files, answer));
  return { asked, port };
}

function open(config: Partial<S3Config> & { readonly endpoint: string }): StoreDriver {
  const keys = { accessKey: createSecret('AK'), secretKey: createSecret('a-secret-that-must-not-show') };
  const store = openBucketStore({ bucket: 'b', ...keys, ...config });
  stores.push(store);
  return store;
}

describe('An authority of one’s own', () => {
  it('is named where it is not trusted, and trusted where a file names it', async () => {
    const { port } = await serveTls();
    const endpoint = `https://127.0.0.1:${port}`;
    const failure = failureFrom(await open({ endpoint }).access());
    expect(failure.code).toBe('unreachable');
    expect(failure.message).toMatch(
      /the certificate of 127\.0\.0\.1:\d+ \(for store\.example, 127\.0\.0\.1, issued by Harbour Root CA, valid until .*\) is not trusted/,
    );
    expect(failure.remedy).toContain('AWS_CA_BUNDLE');
    const unread = failureFrom(await httpGet({ url: `${endpoint}/health`, limitMs: 5000 }));
    expect(unread.message).toContain('issued by Harbour Root CA');

    const ca = join(folder, 'ca.pem');
    valueFrom(await open({ endpoint, ca }).access());
    for (const name of ['AWS_CA_BUNDLE', 'SSL_CERT_FILE']) {
      process.env[name] = ca;
      valueFrom(await open({ endpoint }).access());
      expect(valueFrom(await httpGet({ url: `${endpoint}/health`, limitMs: 5000 })).status).toBe(200);
      const other = failureFrom(await open({ endpoint: `https://localhost:${port}` }).access());
      expect(other.message).toContain('is not for that name');
      Reflect.deleteProperty(process.env, name);
    }
    for (const wrong of [join(folder, 'nothing.pem'), join(folder, 'ca.key')]) {
      const unfit = failureFrom(await open({ endpoint, ca: wrong }).access());
      expect(unfit.message).toContain(`cannot read the certificates in ${wrong} (the ca of the store)`);
    }
  });
});

/** A proxy as they stand in companies: CONNECT for HTTPS, whole addresses for HTTP; with a password. */
async function startProxy(port: () => number, answer: RequestListener = storeAnswer().answer) {
  const heard: string[] = [];
  const isKnown = (request: IncomingMessage) =>
    request.headers['proxy-authorization'] === `Basic ${Buffer.from('clerk:pass/word').toString('base64')}`;
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url?.split('?')[0]}`);
    if (isKnown(request)) answer(request, response);
    else response.writeHead(407).end();
  });
  server.on('connect', (request, socket) => {
    heard.push(`CONNECT ${request.url}`);
    if (!isKnown(request)) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const far = connect(port(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      far.pipe(socket);
      socket.pipe(far);
    });
    far.on('error', () => socket.destroy());
    socket.on('error', () => far.destroy());
  });
  return { heard, port: await listening(server) };
}

describe('A proxy', () => {
  it('leads to the store by CONNECT with its password, but not to this host nor where NO_PROXY says so', async () => {
    const { port, asked } = await serveTls();
    const proxy = await startProxy(() => port);
    process.env.https_proxy = `http://clerk:pass%2Fword@127.0.0.1:${proxy.port}`;
    process.env.AWS_CA_BUNDLE = join(folder, 'ca.pem');
    const store = open({ endpoint: 'https://store.example:9000' });
    valueFrom(await store.access());
    valueFrom(await put(store, 'k', Buffer.from('x')));
    expect(new Set(proxy.heard)).toEqual(new Set(['CONNECT store.example:9000']));
    expect(asked.length).toBe(2);
    expect(valueFrom(await httpGet({ url: 'https://store.example:9000/k', limitMs: 5000 })).status).toBe(200);

    const heard = proxy.heard.length;
    valueFrom(await open({ endpoint: `https://127.0.0.1:${port}` }).access());
    for (const direct of ['store.example', '.example', 'other, example']) {
      process.env.no_proxy = direct;
      const failure = failureFrom(await open({ endpoint: 'https://store.example:9000' }).access());
      expect(failure.message).toContain('store.example:9000 cannot be resolved');
    }
    expect(proxy.heard.length).toBe(heard);
    process.env.no_proxy = '10.0.0.0/8';
    valueFrom(await open({ endpoint: 'https://store.example:9000' }).access());
  });

  it('that refuses or is not there is told as the proxy, and its password to nobody', async () => {
    const proxy = await startProxy(() => 1);
    process.env.HTTPS_PROXY = `http://clerk:wrong-password@127.0.0.1:${proxy.port}`;
    const endpoint = 'https://store.example';
    const refused = failureFrom(await open({ endpoint }).access());
    expect(refused.message).toBe('Cannot list s3://b: the proxy does not lead to store.example.');
    expect(refused.remedy).toContain('HTTPS_PROXY');
    expect(refused.detail).toContain('407');
    process.env.HTTPS_PROXY = 'http://clerk:wrong-password@127.0.0.1:1';
    const absent = failureFrom(await open({ endpoint }).access());
    expect(absent.message).toContain('nothing answers at 127.0.0.1:1');
    expect(absent.remedy).toContain('Start the proxy');
    process.env.HTTPS_PROXY = 'socks5://127.0.0.1:1080';
    const unfit = failureFrom(await open({ endpoint }).access());
    expect(unfit.message).toContain('the proxy in HTTPS_PROXY');
    expect(JSON.stringify([refused, absent, unfit])).not.toContain('wrong-password');
  });
});

const minio = await findMinio();
describe('An address', () => {
  it('has the bucket in its host name where the runbook says virtual, and in its path else', async () => {
    const proxy = await startProxy(() => 1);
    process.env.HTTP_PROXY = `http://clerk:pass%2Fword@127.0.0.1:${proxy.port}`;
    const endpoint = 'http://store.example/';
    const bucket = 'crm-backups';
    await open({ endpoint, bucket, addressing: 'virtual' }).access();
    await open({ endpoint, bucket }).access();
    await open({ endpoint: 'http://store.example/minio/', bucket }).access();
    expect(proxy.heard).toEqual([
      'GET http://crm-backups.store.example/',
      'GET http://store.example/crm-backups/',
      'GET http://store.example/minio/crm-backups/',
    ]);
    const named = { kind: 's3', bucket: 'b', accessKey: 'AK', secretKey: 'x' };
    expect(nameStore({ ...named, endpoint: 'https://store.example/minio/' }).address).toBe(
      's3://b at store.example/minio',
    );
    expect(nameStore(named).address).toBe('s3://b at AWS');
  });

  it('with the bucket in its host name is one to MinIO as well: objects, listings and signed addresses', async () => {
    if ('absentBecause' in minio) {
      process.stderr.write(`\nBuckets in host names are NOT tried on MinIO: ${minio.absentBecause}.\n`);
      return expect(process.env.CI, 'CI has to have every part').toBeUndefined();
    }
    const server = await startMinio(minio.binary);
    try {
      const config = await createBucket(server);
      const forward: RequestListener = (request, response) => {
        // The host that was asked for stays; the password was for the proxy.
        const { 'proxy-authorization': _, ...headers } = request.headers;
        const { pathname, search } = new URL(request.url ?? '');
        const at = { port: server.port, method: request.method, path: pathname + search, headers };
        const onward = send(at, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        });
        request.pipe(onward);
      };
      const proxy = await startProxy(() => 1, forward);
      process.env.HTTP_PROXY = `http://clerk:pass%2Fword@127.0.0.1:${proxy.port}`;
      const store = open({ ...config, endpoint: `http://${minioDomain}`, addressing: 'virtual' });
      const content = Buffer.from('by its host');
      valueFrom(await put(store, 'a b/ä', content));
      const keys: string[] = [];
      for await (const page of store.list({ prefix: '' }))
        keys.push(...valueFrom(page).map(({ key }) => key));
      expect(keys).toEqual(['a b/ä']);
      // The same object is there where the bucket is a part of the path.
      for (const one of [store, open(config)])
        expect(await buffer(valueFrom(await one.read({ key: 'a b/ä' })).body)).toEqual(content);
      const url = new URL(valueFrom(await store.signedUrl({ key: 'a b/ä', expiresInSeconds: 60 })));
      expect(url.host).toBe(`${config.bucket}.${minioDomain}`);
      const path = url.pathname + url.search;
      const fetched = await new Promise<number | undefined>((resolve, reject) => {
        const asked = send({ port: server.port, path, headers: { host: url.host } }, (answer) =>
          resolve(answer.resume().statusCode),
        );
        asked.once('error', reject).end();
      });
      expect(fetched).toBe(200);
      expect(proxy.heard.map((line) => line.split(' ')[1]?.split('/')[2])).toEqual(
        proxy.heard.map(() => url.host),
      );
    } finally {
      await server.stop();
    }
  });

  it('of another region is taken anew with the region that the store names, once', async () => {
    const regions: string[] = [];
    const refusing =
      (status: number, headers: Record<string, string>, error: string): RequestListener =>
      (request, response) => {
        request.resume();
        const [, region = ''] =
          /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
        regions.push(region);
        if (region === 'eu-west-1') return response.writeHead(200).end(emptyList);
        response.writeHead(status, headers).end(`<Error>${error}<Message>words</Message></Error>`);
      };
    const inHeader = refusing(301, { 'x-amz-bucket-region': 'eu-west-1' }, '<Code>PermanentRedirect</Code>');
    const malformed = '<Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region>';
    for (const answer of [inHeader, refusing(400, {}, malformed)]) {
      regions.length = 0;
      const port = await listening(createServer(answer));
      const store = open({ endpoint: `http://127.0.0.1:${port}` });
      valueFrom(await store.access());
      valueFrom(await store.access());
      expect(regions).toEqual(['us-east-1', 'eu-west-1', 'eu-west-1']);
    }
    const elsewhere = { 'x-amz-bucket-region': 'ap-east-1' };
    const port = await listening(createServer(refusing(301, elsewhere, '<Code>PermanentRedirect</Code>')));
    const failure = failureFrom(await open({ endpoint: `http://127.0.0.1:${port}` }).access());
    expect(failure.message).toContain('the bucket lies in the region ap-east-1');
    expect(failure.remedy).toContain('region: ap-east-1');
  });

  it('with a path whose signature does not fit is told what may stand in between', async () => {
    const port = await listening(
      createServer((request, response) => {
        request.resume();
        response
          .writeHead(403)
          .end('<Error><Code>SignatureDoesNotMatch</Code><Message>words</Message></Error>');
      }),
    );
    const endpoint = `http://127.0.0.1:${port}`;
    const remedy = async (path: string) =>
      failureFrom(await open({ endpoint: `${endpoint}${path}` }).access()).remedy;
    expect(await remedy('/minio')).toContain('takes the path off');
    expect(await remedy('')).toContain('Enter the secret key again, whole');
  });

  it('that sends on to another one is not followed, and named', async () => {
    const port = await listening(
      createServer((request, response) => {
        request.resume();
        response
          .writeHead(request.url?.startsWith('/b') ? 302 : 200, {
            location: 'https://login.example/sso?return=x',
          })
          .end('<html>Moved<br></html>');
      }),
    );
    const failure = failureFrom(await open({ endpoint: `http://127.0.0.1:${port}` }).access());
    expect(failure.message).toContain('it sends on to https://login.example');
    expect(failure.message).not.toContain('sso');
  });
});
