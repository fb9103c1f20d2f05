import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunFolder } from '../../src/ports/run-folder.ts';
import { valueFrom } from './object-store.contract.ts';

export type MadeFolder = {
  readonly folder: RunFolder;
  /** The same folder, as another process opens it later. */
  reopen(): Promise<RunFolder>;
  dispose(): Promise<void>;
};

/** What every folder of a run promises, on a disk or in memory. `make` gives a new one, called 2026-04-28T1448Z-crm-live. */
export function runFolderContract(contract: {
  readonly name: string;
  readonly make: () => Promise<MadeFolder>;
}): void {
  describe(`The folder of a run: ${contract.name}`, () => {
    let made: MadeFolder;
    let folder: RunFolder;
    beforeEach(async () => {
      made = await contract.make();
      folder = made.folder;
    });
    afterEach(async () => {
      await made.dispose();
    });

    test('is empty at first, and carries the name of the run', async () => {
      expect(folder.id).toBe('2026-04-28T1448Z-crm-live');
      expect(folder.path.endsWith(folder.id)).toBe(true);
      expect(valueFrom(await folder.readJournal()).length).toBe(0);
      expect(valueFrom(await folder.outputDigests())).toEqual([]);
    });

    test('keeps the lines of the journal in the order they were given, though nobody waited', async () => {
      const lines = Array.from({ length: 50 }, (_, index) => `{"seq":${index},"ü":1}\n`);
      await Promise.all(lines.map((line) => folder.appendJournal(line)));
      expect(valueFrom(await folder.readJournal()).toString()).toBe(lines.join(''));
    });

    test('shows the next process every line that was told as written', async () => {
      valueFrom(await folder.appendJournal('first\n'));
      const again = await made.reopen();
      valueFrom(await again.appendJournal('second\n'));
      expect(valueFrom(await again.readJournal()).toString()).toBe('first\nsecond\n');
    });

    test('cuts a torn tail off and goes on after the whole lines', async () => {
      valueFrom(await folder.appendJournal('whole\n'));
      valueFrom(await folder.appendJournal('{"seq":2,"ha'));
      valueFrom(await folder.cutJournal('whole\n'.length));
      valueFrom(await folder.appendJournal('next\n'));
      expect(valueFrom(await folder.readJournal()).toString()).toBe('whole\nnext\n');
    });

    test('tells the digest of every output, in order of their names', async () => {
      folder.appendOutput('restore', 'only');
      folder.appendOutput('fetch', 'first');
      folder.appendOutput('fetch', 'second');
      valueFrom(await folder.flushOutputs());
      const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
      expect(valueFrom(await folder.outputDigests())).toEqual([
        { name: 'fetch.log', sha256: sha256('first\nsecond\n') },
        { name: 'restore.log', sha256: sha256('only\n') },
      ]);
    });

    test('counts output that nobody flushed in its digest', async () => {
      folder.appendOutput('fetch', 'late');
      expect(valueFrom(await folder.outputDigests()).map(({ name }) => name)).toEqual(['fetch.log']);
    });

    test('writes a record, again in the same place', async () => {
      const first = valueFrom(await folder.writeRecord('record.md', 'first'));
      expect(first.endsWith('record.md')).toBe(true);
      expect(valueFrom(await folder.writeRecord('record.md', 'second'))).toBe(first);
    });

    test('names work files apart and can be cleared twice', async () => {
      expect(folder.workFile('dump')).not.toBe(folder.workFile('archive'));
      valueFrom(await folder.clearWork());
      valueFrom(await folder.clearWork());
    });
  });
}
