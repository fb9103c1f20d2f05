import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRunFolder } from '../../../src/adapters/disk/disk-run-folder.ts';
import { valueFrom } from '../../contracts/object-store.contract.ts';
import { runFolderContract } from '../../contracts/run-folder.contract.ts';

runFolderContract({
  name: 'on a disk',
  make: async () => {
    const base = await mkdtemp(join(tmpdir(), 'thaw-run-'));
    const place = { path: join(base, '2026-04-28T1448Z-crm-live'), workPath: join(base, 'work') };
    const folder = valueFrom(await openRunFolder(place));
    const opened = [folder];
    return {
      folder,
      reopen: async () => {
        const again = valueFrom(await openRunFolder(place));
        opened.push(again);
        return again;
      },
      dispose: async () => {
        for (const one of opened) await one.close();
        await rm(base, { recursive: true, force: true });
      },
    };
  },
});
