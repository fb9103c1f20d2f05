import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDiskHost } from '../../../src/adapters/disk/disk-host.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';
import { findFreePort } from '../../parts/free-port.ts';

const host = createDiskHost({ env: { SSH_CONNECTION: '203.0.113.7 50022 10.0.0.1 22' } });
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thaw-host-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('This host', () => {
  test('says who and where it is', () => {
    expect(host.facts).toMatchObject({ sshFrom: '203.0.113.7', pid: process.pid });
    expect(host.facts.name).not.toBe('');
    expect(createDiskHost({ env: {} }).facts).not.toHaveProperty('sshFrom');
  });

  test('measures the free space of a path that does not exist yet by its nearest parent', async () => {
    const free = valueFrom(await host.freeBytes(join(folder, 'not', 'there', 'yet')));
    expect(free).toBeGreaterThan(0);
  });

  test('reads files whole and in part, and says what is missing', async () => {
    const path = join(folder, 'a');
    await writeFile(path, 'hello');
    expect(valueFrom(await host.fileSize(path))).toBe(5);
    expect(valueFrom(await host.fileSize(join(folder, 'b')))).toBeUndefined();
    expect(valueFrom(await host.readTextFile(path))).toBe('hello');
    expect(valueFrom(await host.readHead(path, 2)).toString()).toBe('he');
    expect(valueFrom(await host.readHead(path, 20)).toString()).toBe('hello');
    expect(failureFrom(await host.readTextFile(join(folder, 'b'))).code).toBe('not-found');
    valueFrom(await host.removeFile(path));
    valueFrom(await host.removeFile(path));
  });

  test('wakes up from sleep when it is cancelled', async () => {
    const startedAtMs = Date.now();
    await host.sleep(60_000, AbortSignal.timeout(20));
    expect(Date.now() - startedAtMs).toBeLessThan(5000);
  });
});

describe('A GET', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  const serve = async (answer: RequestListener): Promise<string> => {
    server = createServer(answer);
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  test('tells status, size and digest of the bytes as they come, not of what they unpack to', async () => {
    const packed = gzipSync('hello');
    const url = await serve((_request, response) => {
      response.writeHead(203, { 'content-encoding': 'gzip' });
      response.end(packed);
    });
    const answer = valueFrom(await host.httpGet({ url, limitMs: 5000 }));
    expect(answer).toMatchObject({ status: 203, sizeBytes: packed.length });
    expect(answer.sha256).toBe(createHash('sha256').update(packed).digest('hex'));
  });

  test('shows a redirect and an error page as what they are', async () => {
    const url = await serve((request, response) => {
      response.writeHead(request.url === '/health' ? 503 : 302, { location: '/login' });
      response.end('no');
    });
    expect(valueFrom(await host.httpGet({ url, limitMs: 5000 })).status).toBe(302);
    expect(valueFrom(await host.httpGet({ url: `${url}/health`, limitMs: 5000 }))).toMatchObject({
      status: 503,
      text: 'no',
    });
  });

  test('reads the URL of a file, as a folder of objects signs it', async () => {
    await writeFile(join(folder, 'a b.txt'), 'hello');
    const { href } = pathToFileURL(join(folder, 'a b.txt'));
    expect(valueFrom(await host.httpGet({ url: href, limitMs: 5000 }))).toMatchObject({
      status: 200,
      text: 'hello',
    });
    expect(failureFrom(await host.httpGet({ url: `${href}x`, limitMs: 5000 })).code).toBe('not-found');
  });

  test('says when nothing answers, when the answer is late, and when it breaks off', async () => {
    const port = await findFreePort();
    const refused = failureFrom(await host.httpGet({ url: `http://127.0.0.1:${port}/h`, limitMs: 5000 }));
    expect(refused).toMatchObject({ code: 'unreachable' });
    const url = await serve((request, response) => {
      if (request.url === '/broken') {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.destroy());
      }
    });
    const late = failureFrom(await host.httpGet({ url, limitMs: 200 }));
    expect(late.message).toContain('no whole answer came within 0.2 s');
    expect(failureFrom(await host.httpGet({ url: `${url}/broken`, limitMs: 5000 })).code).toBe('unreachable');
    server?.closeAllConnections();
  });

  test('keeps passwords and signatures out of its failures', async () => {
    const port = await findFreePort();
    const url = `http://user:pass-word@127.0.0.1:${port}/k?X-Amz-Signature=abcdef`;
    const failure = failureFrom(await host.httpGet({ url, limitMs: 5000 }));
    expect(JSON.stringify(failure)).not.toMatch(/pass-word|abcdef/);
    expect(failureFrom(await host.httpGet({ url: 'ftp://x/', limitMs: 10 })).code).toBe('invalid-input');
  });
});
