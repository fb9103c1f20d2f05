import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { relayScript } from '../../../src/databases/route/container-scripts.ts';
import { findFreePort } from '../../parts/free-port.ts';

let folder = '';
let server: Server;
let accepted: Socket[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-relay-'));
  accepted = [];
  // Answers every byte with itself, and hangs up after a full stop.
  server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => (chunk.toString() === '.' ? socket.end('bye') : socket.write(chunk)));
  });
});
afterEach(() => {
  for (const socket of accepted) socket.destroy();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A container that has these programs and no others. */
function relayWith(programs: readonly string[], ...to: readonly string[]): ChildProcess {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const name of ['cat', ...programs]) {
    const path = execFileSync('which', [name], { encoding: 'utf8' }).trim();
    symlinkSync(path, join(bin, name));
  }
  return spawn('/bin/sh', ['-c', relayScript, 'thaw', ...to], { env: { PATH: bin } });
}

async function talk(relay: ChildProcess): Promise<void> {
  let heard = '';
  relay.stdout?.setEncoding('latin1').on('data', (chunk: string) => {
    heard += chunk;
  });
  const sent = 'some words\0'.repeat(30_000);
  relay.stdin?.write(sent);
  await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(sent.length);
  expect(heard).toBe(sent);
}

describe('the way from the streams of a program to a port', () => {
  it.each(['bash', 'perl'])(
    'carries bytes both ways with %s, and ends when this side does',
    async (program) => {
      const port = await findFreePort();
      await once(server.listen(port, '127.0.0.1'), 'listening');
      const relay = relayWith([program], '127.0.0.1', String(port));
      await talk(relay);
      const [socket] = accepted;
      relay.stdin?.end();
      if (socket !== undefined && !socket.readableEnded) await once(socket, 'close');
    },
  );

  it.each(['bash', 'perl'])('ends with %s when the server hangs up', async (program) => {
    const port = await findFreePort();
    await once(server.listen(port, '127.0.0.1'), 'listening');
    const relay = relayWith([program], '127.0.0.1', String(port));
    relay.stdin?.write('.');
    relay.stdout?.resume();
    await once(relay, 'exit');
    relay.stdin?.end();
  });

  it('leads to the socket in a folder with perl', async () => {
    await once(server.listen(join(folder, '.s.PGSQL.5432')), 'listening');
    const relay = relayWith(['perl'], folder, '5432');
    await talk(relay);
    relay.stdin?.end();
    await once(relay, 'exit');
  });

  it.each([
    { programs: ['bash'], status: 95 },
    { programs: ['perl'], status: 95 },
    { programs: [], status: 94 },
  ])(
    'with $programs says by its status that nobody answers, or that nothing can lead there',
    async (given) => {
      const relay = relayWith(given.programs, '127.0.0.1', String(await findFreePort()));
      const [status] = await once(relay, 'exit');
      expect(status).toBe(given.status);
    },
  );
});
