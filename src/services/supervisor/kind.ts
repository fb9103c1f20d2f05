import { text } from '../../platform/declare-fields.ts';
import { defineServices } from '../services-kind.ts';
import { openSupervisedServices } from './supervised-services.ts';

export const supervised = defineServices({
  kind: 'process',
  about: 'Processes of this host that a control file lists; what the rehearsal uses.',
  fields: { controlFile: text.describe('JSON with command, folder, log and pid file of each') },
  example: { controlFile: '/var/lib/thaw/services.json' },
  name: () => 'services of this host',
  open: ({ controlFile }) => openSupervisedServices({ controlFile }),
});
