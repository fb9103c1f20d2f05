import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { keptFolder } from '../../src/operations/kept-things.ts';
import { createFakeWorld } from '../fakes/fake-world.ts';

it('a kept folder is no thing to drop where nothing stands in its place any more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'thaw-kept-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [path, inPlace] = [join(folder, 'files.before-a41f09'), join(folder, 'files')];
  const look = () => keptFolder(createFakeWorld().trees, { path, inPlace });
  expect(await look()).toEqual({ ok: true, value: undefined });
  mkdirSync(path);
  expect(await look()).toMatchObject({
    ok: false,
    failure: {
      code: 'conflict',
      message: `${inPlace} is not there any more, so ${path} may be the only one. It stays.`,
    },
  });
  mkdirSync(inPlace);
  expect(await look()).toMatchObject({ ok: true, value: { name: path, what: 'folder' } });
});
