import { everywhere } from '../app/options.ts';
import { defineCommand, runOperand } from './command.ts';

export const recordsSign = defineCommand({
  name: 'records sign',
  about: 'one person vouches, in one role, for the journal as it stands',
  more: [
    'The signature is as ssh-keygen makes it, so that anybody with OpenSSH can check it without thaw. Name a private key without passphrase, or the public half of one that ssh-agent holds.',
  ],
  operands: { run: runOperand },
  options: ['key', 'role', 'signer', ...everywhere],
  needs: ['key', 'role'],
  examples: [
    { line: 'thaw records sign --key ~/.ssh/id_ed25519.pub --as operator', about: 'the newest run' },
    {
      line: "thaw records sign --key key --as witness --signer 'C. Hall'",
      about: 'for somebody the run did not name',
    },
  ],
  statuses: {
    verified: 'signed',
    failed: 'the key could not sign',
    blocked: 'the run has not come to an end, or another process works on it',
    damaged: 'the record cannot be vouched for, so nobody should sign it',
  },
  run: async (context, { operands, options }) => {
    const { key, role } = options;
    const { signRecord } = await import('./actions/records-sign.ts');
    return signRecord({ named: operands.run, key, role, options }, context);
  },
});
