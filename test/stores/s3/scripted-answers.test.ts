import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createSecret } from '../../../src/base/secret.ts';
import type { StoreDriver } from '../../../src/ports/object-store.ts';
import { failureFrom, put, valueFrom } from '../../contracts/object-store.contract.ts';
import { openBucketStore } from './open-bucket-store.ts';

// What no server on this host says of itself: answers of archives, of wrong regions, of proxies that know no S3.

let server: Server | undefined;
let store: StoreDriver | undefined;
afterEach(() => {
  store?.close();
  server?.closeAllConnections();
  server?.close();
});

async function openStore(answer: RequestListener): Promise<StoreDriver> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const secretKey = createSecret('a-secret-that-must-not-show');
  const config = { kind: 's3' as const, endpoint, region: 'eu-west-1', bucket: 'b' };
  store = openBucketStore({ ...config, accessKey: createSecret('AK'), secretKey }, { stallMs: 500 });
  return store;
}

function refuse(status: number, code: string, dateShiftMs = 0): RequestListener {
  return (request, response) => {
    request.resume();
    response.sendDate = false;
    response.setHeader('date', new Date(Date.now() + dateShiftMs).toUTCString());
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>words of the store</Message></Error>`,
    );
  };
}

test.each([
  {
    status: 403,
    code: 'InvalidObjectState',
    failure: 'denied',
    says: 'archived',
    remedy: 'Restore it first',
  },
  {
    status: 301,
    code: 'PermanentRedirect',
    failure: 'invalid-input',
    says: 'another region',
    remedy: 'Give the region',
  },
  {
    status: 400,
    code: 'AuthorizationHeaderMalformed',
    failure: 'invalid-input',
    says: 'region',
    remedy: 'region',
  },
  { status: 400, code: 'ExpiredToken', failure: 'denied', says: 'is over', remedy: 'Enter credentials' },
  { status: 507, code: 'XMinioStorageFull', failure: 'out-of-space', says: 'full', remedy: 'room' },
  { status: 400, code: 'BadDigest', failure: 'damaged', says: 'not the ones sent', remedy: 'Try again' },
  { status: 500, code: 'InternalError', failure: 'unreachable', says: 'busy', remedy: 'Wait' },
  // A code of a hostile store that every object of JavaScript knows.
  { status: 404, code: 'constructor', failure: 'not-found', says: 'no such', remedy: 'Check the bucket' },
  { status: 404, code: 'WhatIsThis', failure: 'not-found', says: 'no such', remedy: 'Check the bucket' },
  {
    status: 400,
    code: 'WhatIsThis',
    failure: 'unreachable',
    says: 'HTTP 400 WhatIsThis',
    remedy: 'endpoint',
  },
])('answers $status $code with $failure', async ({ status, code, failure, says, remedy }) => {
  const opened = await openStore(refuse(status, code));
  for (const outcome of [await opened.read({ key: 'k' }), await put(opened, 'k', Buffer.from('x'))]) {
    const got = failureFrom(outcome);
    expect(got.code).toBe(failure);
    expect(got.message).toContain('s3://b/k');
    expect(got.message).toContain(says);
    expect(got.remedy).toContain(remedy);
    expect(got.detail).toContain('words of the store');
  }
});

test('says by how many seconds the clock is wrong when the store refuses for that', async () => {
  const opened = await openStore(refuse(403, 'RequestTimeTooSkewed', -1_200_000));
  const failure = failureFrom(await opened.access());
  expect(failure.code).toBe('denied');
  expect(failure.message).toContain("this host's clock is 1200 s ahead of the store's clock");
  expect(failure.remedy).toContain("Set this host's clock");
});

test('measures how far the store’s clock is from ours', async () => {
  const opened = await openStore((_request, response) => {
    response.sendDate = false;
    response.setHeader('date', new Date(Date.now() + 61_000).toUTCString());
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      '<?xml version="1.0"?><ListBucketResult><Name>b</Name><KeyCount>0</KeyCount></ListBucketResult>',
    );
  });
  const { clockSkewMs } = valueFrom(await opened.access());
  expect(Math.abs((clockSkewMs ?? 0) - 61_000)).toBeLessThanOrEqual(1000);
});

test('refuses the whole object in place of the range asked for', async () => {
  const opened = await openStore((_request, response) => {
    response.writeHead(200, { 'content-length': '10', etag: '"x"' });
    response.end('0123456789');
  });
  const failure = failureFrom(await opened.read({ key: 'k', fromByte: 5 }));
  expect(failure.code).toBe('command-failed');
  expect(failure.message).toContain('instead of the range');
});

test('says that a web page is no S3 store', async () => {
  const opened = await openStore((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><html><body>Console<br></body>');
  });
  const outcome = await opened.access();
  expect(failureFrom(outcome).code).toBe('unreachable');
});

test('stops a listing that says there is more and not where', async () => {
  const opened = await openStore((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      '<?xml version="1.0"?><ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated></ListBucketResult>',
    );
  });
  const codes = [];
  for await (const page of opened.list({ prefix: '' })) codes.push(failureFrom(page).code);
  expect(codes).toEqual(['command-failed']);
});

test.each([
  { refuses: 'x-amz-acl', status: 400, code: 'AccessControlListNotSupported' },
  { refuses: 'x-amz-tagging', status: 501, code: 'NotImplemented' },
  { refuses: 'x-amz-tagging', status: 403, code: 'AccessDenied' },
])('writes without $refuses where the answer is $code, and does not try it again', async (one) => {
  const seen: string[] = [];
  const opened = await openStore((request, response) => {
    const sent = ['x-amz-acl', 'x-amz-tagging'].filter((name) => request.headers[name] !== undefined);
    seen.push(sent.join(' '));
    if (sent.includes(one.refuses)) return refuse(one.status, one.code)(request, response);
    request.resume();
    request.once('end', () => response.writeHead(200, { etag: '"abc"' }).end());
  });
  const attributes = { access: 'public-read', tags: { class: 'invoice' }, metadata: {} } as const;
  for (const key of ['a', 'b']) valueFrom(await put(opened, key, Buffer.from('x'), attributes));
  const kept = ['x-amz-acl', 'x-amz-tagging'].filter((name) => name !== one.refuses);
  expect(seen[0]).toBe('x-amz-acl x-amz-tagging');
  expect(seen.at(-2)).toBe(kept.join(' '));
  expect(seen.at(-1)).toBe(kept.join(' '));
});
