import { createSecret } from '../../base/secret.ts';
import { optionalText, text } from '../../platform/declare-fields.ts';
import { defineStore } from '../store-kind.ts';
import { openRcloneObjectStore } from './rclone-object-store.ts';

export const rclone = defineStore({
  kind: 'rclone',
  about: 'Whatever the program rclone reaches, crypt included; its credentials are in its own configuration.',
  fields: {
    remote: text.describe('remote:path, as rclone writes it, crypt remotes included'),
    configFile: optionalText.describe("rclone.conf; rclone's own place when left out"),
    configPassword: optionalText.describe('Of an encrypted rclone.conf'),
  },
  secrets: ['configPassword'],
  programs: ['rclone'],
  example: { remote: 'offsite:crm-backups', configFile: '/etc/thaw/rclone.conf' },
  names: ({ remote }) => ({ address: `rclone ${remote}`, name: remote }),
  byHand: ({ remote }) => ({ settings: {}, root: /[:/]$/.test(remote) ? remote : `${remote}/` }),
  open({ remote, configFile, configPassword }, { processes }) {
    const config = {
      remote,
      ...(configFile ? { configFile } : {}),
      ...(configPassword ? { configPassword: createSecret(configPassword) } : {}),
    };
    return openRcloneObjectStore({ config, processes });
  },
});
