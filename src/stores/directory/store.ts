import { text } from '../../platform/declare-fields.ts';
import { defineStore } from '../store-kind.ts';
import { openDirectoryObjectStore } from './directory-object-store.ts';

export const directory = defineStore({
  kind: 'directory',
  about: 'A folder of this host: a disk, or a share that is mounted.',
  fields: {
    path: text.describe('The folder. It is never made: an unmounted disk must not look like an empty store'),
  },
  example: { path: '/mnt/backups' },
  names: ({ path }) => ({ address: path, name: lastPart(path), folder: path }),
  byHand: ({ path }) => ({ settings: {}, root: `${path.replace(/\/+$/, '')}/` }),
  open: ({ path }) => openDirectoryObjectStore({ path }),
});

function lastPart(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}
