import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileTrees } from '../../../src/adapters/tree/file-trees.ts';
import { createGuard } from '../../../src/engine/guard.ts';
import { guardTrees } from '../../../src/registry/with-permits.ts';
import { replacedFolders, rollBackFiles } from '../../../src/steps/restore-files/roll-back-files.ts';

const trees = guardTrees(createFileTrees());
const guard = createGuard({ runId: 'run', agreed: () => true });
let folder = '';
const at = (name: string) => join(folder, name);
const make = (name: string) => {
  mkdirSync(at(name));
  writeFileSync(at(`${name}/which`), name);
};
const names = () => ({
  target: at('media'),
  incoming: at('media.restore-1'),
  kept: at('media.before-1'),
  hadTarget: true,
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-back-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('rolling back folders', () => {
  it('finds the folders that a run replaced, and leaves out those that are new', () => {
    const facts = new Map<string, unknown>([
      ['swapping-files:media', names()],
      ['swapping-files:docs', { ...names(), hadTarget: false }],
      ['swapping-files:taken-back', null],
      ['swapped', names()],
    ]);
    expect(replacedFolders(facts)).toEqual([names()]);
  });

  it('puts the old one back, keeps the restored one, and may be repeated', async () => {
    make('media');
    make('media.before-1');
    for (const attempt of [1, 2]) {
      const back = await rollBackFiles(trees, [names()], guard);
      expect(back, `attempt ${attempt}`).toMatchObject({
        ok: true,
        value: [expect.stringContaining('media.undone-1')],
      });
      expect(readFileSync(at('media/which'), 'utf8')).toBe('media.before-1');
      expect(readFileSync(at('media.undone-1/which'), 'utf8')).toBe('media');
      expect(existsSync(at('media.before-1'))).toBe(false);
    }
  });

  it('touches nothing where the run ended before its first rename', async () => {
    make('media');
    expect(await rollBackFiles(trees, [names()], guard)).toEqual({ ok: true, value: [] });
    expect(readFileSync(at('media/which'), 'utf8')).toBe('media');
  });
});
