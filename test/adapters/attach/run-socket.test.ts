import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Link } from '../../../src/adapters/attach/link.ts';
import { dialRun, openRunSocket } from '../../../src/adapters/attach/run-socket.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-door-'));
  path = join(folder, 'run-1.sock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function open(at: string, onLink: (link: Link) => void = () => {}) {
  const door = await openRunSocket(at, onLink);
  if (!door.ok) throw new Error(door.failure.message);
  return door.value;
}

async function dial(at: string): Promise<Link> {
  const link = await dialRun(at);
  if (!link.ok || link.value === 'nobody') throw new Error(`nobody answers at ${at}`);
  return link.value;
}

const first = (link: Link) => new Promise<unknown>((resolve) => link.listen(resolve));

describe('The door of a run', () => {
  it('lets both sides talk, also where the path of the folder is longer than a socket may be called', async () => {
    const deep = join(folder, ...Array.from({ length: 30 }, (_, level) => `level-${level}`));
    mkdirSync(deep, { recursive: true });
    const heard = Promise.withResolvers<unknown>();
    const at = join(deep, 'run-1.sock');
    const door = await open(at, (link) => {
      link.listen(heard.resolve);
      link.send({ text: 'a line\nof two, and Ümläute 🧊' });
    });
    const link = await dial(at);
    expect(await first(link)).toEqual({ text: 'a line\nof two, and Ümläute 🧊' });
    link.send({ answer: 'x'.repeat(300_000) });
    expect(await heard.promise).toEqual({ answer: 'x'.repeat(300_000) });
    link.end();
    await door.close();
    expect(existsSync(at)).toBe(false);
    expect(await dialRun(at)).toEqual({ ok: true, value: 'nobody' });
  });

  it('belongs to the user of the run alone', async () => {
    const door = await open(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await door.close();
  });

  it('takes the place of what a process that was killed has left there', async () => {
    // As after a kill: the name stays, and nobody listens.
    writeFileSync(path, '');
    expect(await dialRun(path)).toEqual({ ok: true, value: 'nobody' });
    const door = await open(path);
    (await dial(path)).end();
    await door.close();
  });

  it('says why where it cannot be made', async () => {
    const door = await openRunSocket(join(folder, 'not-there', 'run-1.sock'), () => {});
    expect(door).toMatchObject({ ok: false, failure: { code: 'not-found' } });
  });

  it('hears of an end that is cut off, and leaves out what is no message', async () => {
    const came = Promise.withResolvers<Link>();
    const door = await open(path, came.resolve);
    const raw: Socket = connect(path);
    const link = await came.promise;
    const message = first(link);
    raw.write('no JSON\n{"half": \n{"whole": true}\n{"torn": tr');
    expect(await message).toEqual({ whole: true });
    raw.destroy();
    await link.closed;
    link.send({ to: 'nobody' });
    await door.close();
  });
});
