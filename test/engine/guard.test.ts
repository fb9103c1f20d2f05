import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownershipComment, runMark } from '../../src/base/digest.ts';
import type { Outcome } from '../../src/base/failure.ts';
import { Permit } from '../../src/base/permit.ts';
import { createGuard, guardRetention } from '../../src/engine/guard.ts';
import { guardServer, guardStore } from '../../src/registry/with-permits.ts';
import { createFakeDatabaseServer } from '../fakes/fake-database-server.ts';
import { createFakeObjectStore } from '../fakes/fake-object-store.ts';

const runId = '2026-04-28T1448Z-crm-live-a41f09';
const mark = runMark(runId);
const guardOf = (...typed: readonly string[]) =>
  createGuard({ runId, workFile: (name) => `/scratch/${name}`, agreed: (id) => typed.includes(id) });
const guard = guardOf();
const code = (outcome: Outcome<unknown>) => (outcome.ok ? 'leave' : outcome.failure.code);

function server() {
  return createFakeDatabaseServer({
    databases: {
      crm: { content: 'production', comment: ownershipComment(runId) },
      own: { content: 'of this run', comment: ownershipComment(runId) },
      begun: { content: 'of this run, before its mark' },
      other: { content: 'of another run', comment: ownershipComment('another') },
    },
  });
}

describe('The guard', () => {
  it.each([
    ['own', false, 'leave'],
    ['begun', true, 'leave'],
    ['begun', false, 'conflict'],
    ['other', true, 'conflict'],
    // Even a production that this run once put there, and that carries its mark.
    ['crm', true, 'conflict'],
  ])('of databases called %s, begun by the run: %s, gives %s to drop one', async (name, begun, what) => {
    const fake = server();
    const permit = await guard.dropDatabase(fake, { name, begun });
    expect(code(permit)).toBe(what);
    if (permit.ok && permit.value !== undefined) await guardServer(fake).dropDatabase(permit.value);
    expect(fake.databases.has(name)).toBe(what !== 'leave');
  });

  it('gives no leave to drop what is not there', async () => {
    expect(await guard.dropDatabase(server(), { name: 'none', begun: true })).toEqual({
      ok: true,
      value: undefined,
    });
  });

  it('lets the database of the URL lose its name only where that name was typed', async () => {
    const swap = { renames: [{ from: 'crm', to: 'crm__before' }], agreedIn: 'swap' };
    expect(code(await guard.renameDatabases(server(), swap))).toBe('conflict');
    expect(code(await guardOf('another question').renameDatabases(server(), swap))).toBe('conflict');
    expect(code(await guardOf('swap').renameDatabases(server(), swap))).toBe('leave');
    const back = { renames: [{ from: 'own', to: 'crm' }], agreedIn: 'swap' };
    expect(code(await guard.renameDatabases(server(), back))).toBe('leave');
  });

  it('gives leave to rename the very database that it looked at, and no other of that name', async () => {
    const fake = server();
    const found = await fake.describeDatabase('own');
    const oid = found.ok ? found.value?.oid : undefined;
    const ask = (from: string, wanted?: number) =>
      guard.renameDatabases(fake, { renames: [{ from, to: 'aside', oid: wanted }], agreedIn: 'swap' });
    expect(code(await ask('own', oid))).toBe('leave');
    expect(code(await ask('own', 1))).toBe('conflict');
    expect(code(await ask('gone'))).toBe('conflict');
    const permit = await ask('own');
    fake.databases.set('own', { content: 'put there meanwhile' });
    const renamed = permit.ok ? await guardServer(fake).renameDatabases(permit.value) : permit;
    expect(code(renamed)).toBe('conflict');
  });

  it('lets objects and folders of others be replaced only where that was typed', () => {
    const object = { key: 'receipts/1.pdf', sizeBytes: 3 };
    const swapping = { target: '/srv/media', incoming: '/srv/new', kept: '/srv/old', hadTarget: true };
    for (const [typed, what] of [
      [[], 'conflict'],
      [['q'], 'leave'],
    ] as const) {
      expect(code(guardOf(...typed).overwriteObject({ object, agreedIn: 'q' }))).toBe(what);
      expect(code(guardOf(...typed).replaceFolder({ swapping, agreedIn: 'q' }))).toBe(what);
    }
    const fresh = { swapping: { ...swapping, hadTarget: false }, agreedIn: 'q' };
    expect(code(guard.replaceFolder(fresh))).toBe('leave');
  });

  it('gives leave to remove what carries the mark of the run, and nothing else', () => {
    const folders: readonly (readonly [string, string])[] = [
      [`/srv/media.restore-${mark}`, 'leave'],
      [`/srv/media/.thaw.restore-${mark}`, 'leave'],
      [`/srv/drills/thaw-drill-${runId}`, 'leave'],
      ['/scratch/files-media', 'leave'],
      // The old folder carries the mark as well.
      [`/srv/media.before-${mark}`, 'conflict'],
      ['/srv/media', 'conflict'],
      ['/scratch', 'conflict'],
      ['/scratch/../srv/media', 'conflict'],
      [`/srv/media.restore-${mark}/below`, 'conflict'],
    ];
    expect(folders.map(([path]) => [path, code(guard.removeFolder(path))])).toEqual(folders);
    const files = ['/scratch/archive.tar', '/srv/media/1.jpg', '/scratchy'];
    expect(files.map((path) => code(guard.removeFile(path)))).toEqual(['leave', 'conflict', 'conflict']);
    const keys = [
      `thaw-drill-${runId}/receipts/1.pdf`,
      'receipts/1.pdf',
      `receipts/thaw-drill-${runId}/1.pdf`,
    ];
    expect(keys.map((key) => code(guard.removeObject(key)))).toEqual(['leave', 'conflict', 'conflict']);
  });

  it('of retention gives leave for what the plan removes, and never for what it keeps', () => {
    const { removeObject } = guardRetention({
      removes: new Set(['a.dump', 'b.dump', 'files/', 'shared/']),
      keeps: new Set(['b.dump', 'shared/c.dump']),
    });
    const keys = ['a.dump', 'files/', 'b.dump', 'shared/', 'elsewhere.dump'];
    expect(keys.map((key) => code(removeObject(key)))).toEqual([
      'leave',
      'leave',
      ...['conflict', 'conflict', 'conflict'],
    ]);
  });
});

describe('A permit', () => {
  it('is spent by the act, once', async () => {
    const store = createFakeObjectStore({ name: 'live', now: () => 0 });
    store.place('a', { content: 'a' });
    const permit = new Permit('a');
    expect((await guardStore(store).remove(permit)).ok).toBe(true);
    expect(() => guardStore(store).remove(permit)).toThrow('a permit is spent once');
  });

  it('is made in engine/guard.ts alone', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) =>
      /\.tsx?$/.test(path),
    );
    expect(files.length).toBeGreaterThan(400);
    const makers = files.filter((path) => readFileSync(join('src', path), 'utf8').includes('new Permit('));
    expect(makers).toEqual(['engine/guard.ts']);
  });
});
