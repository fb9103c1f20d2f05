import { objectStoreContract } from '../contracts/object-store.contract.ts';
import { createFakeObjectStore } from './fake-object-store.ts';

objectStoreContract({
  name: 'in memory',
  make: async () => ({
    store: createFakeObjectStore({ name: 'test', now: Date.now }),
    dispose: async () => {},
  }),
});
