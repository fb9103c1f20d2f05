import { valueFrom } from '../contracts/object-store.contract.ts';
import { runFolderContract } from '../contracts/run-folder.contract.ts';
import { createFakeRunFolder } from './fake-run-folder.ts';

runFolderContract({
  name: 'in memory',
  make: async () => {
    const folder = createFakeRunFolder();
    return {
      folder,
      reopen: async () => createFakeRunFolder({ journal: valueFrom(await folder.readJournal()) }),
      dispose: async () => {},
    };
  },
});
