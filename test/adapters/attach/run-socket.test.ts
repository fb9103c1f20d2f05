import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Link } from '../../../src/adapters/attach/link.ts';
import { dialRun, openRunSocket } from '../../../src/adapters/attach/run-socket.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-door-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function open(path: string, onLink: (link: Link) => void = () => {}) {
  const door = await openRunSocket(path, onLink);
  if (!door.ok) throw new Error(door.failure.message);
  return door.value;
}

async function dial(path: string): Promise<Link> {
  const link = await dialRun(path);
  if (!link.ok || link.value === 'nobody') throw new Error(`nobody answers in ${path}`);
  return link.value;
}

const first = (link: Link) => new Promise<unknown>((resolve) => link.listen(resolve));

describe('The door of a run', () => {
  it('lets both sides talk, also where the path of the folder is longer than a socket may be called', async () => {
    const deep = join(folder, ...Array.from({ length: 30 }, (_, level) => `level-${level}`));
    mkdirSync(deep, { recursive: true });
    const heard = Promise.withResolvers<unknown>();
    const door = await open(deep, (link) => {
      link.listen(heard.resolve);
      link.send({ text: 'a line\nof two, and Ümläute 🧊' });
    });
    const link = await dial(deep);
    expect(await first(link)).toEqual({ text: 'a line\nof two, and Ümläute 🧊' });
    link.send({ answer: 'x'.repeat(300_000) });
    expect(await heard.promise).toEqual({ answer: 'x'.repeat(300_000) });
    link.end();
    await door.close();
    expect(existsSync(join(deep, 'attach.sock'))).toBe(false);
    expect(await dialRun(deep)).toEqual({ ok: true, value: 'nobody' });
  });

  it('belongs to the user of the run alone', async () => {
    const door = await open(folder);
    expect(statSync(join(folder, 'attach.sock')).mode & 0o777).toBe(0o600);
    await door.close();
  });

  it('takes the place of what a process that was killed has left there', async () => {
    // As after a kill: the name stays, and nobody listens.
    writeFileSync(join(folder, 'attach.sock'), '');
    expect(await dialRun(folder)).toEqual({ ok: true, value: 'nobody' });
    const door = await open(folder);
    (await dial(folder)).end();
    await door.close();
  });

  it('says why where it cannot be made', async () => {
    const door = await openRunSocket(join(folder, 'not-there'), () => {});
    expect(door).toMatchObject({ ok: false, failure: { code: 'not-found' } });
  });

  it('hears of an end that is cut off, and leaves out what is no message', async () => {
    const came = Promise.withResolvers<Link>();
    const door = await open(folder, came.resolve);
    const raw: Socket = connect(join(folder, 'attach.sock'));
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
