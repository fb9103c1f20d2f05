import { exitStatus } from '../app/exit-status.ts';
import { everywhere } from '../app/options.ts';
import { succeed } from '../base/failure.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const kit = defineCommand({
  name: 'kit',
  about: 'put beside the backups what a restore on a blank host begins with',
  more: [
    'The kit holds the runbook, the compose files and what they refer to, the values that are no secrets, the one file of thaw, and a page that says how to recover, with thaw and without it. All of it is signed with the key of producer.sign. Print the page: whoever restores from the kit types whose signature it has to bear.',
    'It holds no secret, but for the env file where producer.kit.environment is encrypted. A runbook with a producer.kit has its kit refreshed by each `thaw backup`, which keeps the images that --images put there.',
  ],
  operands: { runbook: runbookOperand },
  options: ['checkKit', 'images', 'signer', 'json', ...everywhere],
  examples: [
    { line: 'thaw kit crm --env-file .env', about: 'make it, or make it anew' },
    {
      line: 'thaw kit crm --images --env-file .env',
      about: 'with the images of the services: for a host that reaches no registry',
    },
    {
      line: 'thaw kit crm --check --env-file .env',
      about: 'signature, every file and digest, the runbook, the program: that the kit alone suffices',
    },
  ],
  statuses: {
    verified: 'the kit lies in the store; with --check: all of it is as it was signed',
    failed: 'it was not made, or it does not suffice',
    answerMissing: 'a value is missing',
  },
  run: async (context, { operands: { runbook }, options }) => {
    const { checkKit, images, signer } = options;
    const { withRunbook } = await import('../app/with-runbook.ts');
    const { proveKit } = await import('../app/prove-kit.ts');
    const { refreshKit } = await import('../app/refresh-kit.ts');
    return withRunbook(
      {
        ...{ command: 'kit', runbook, options },
        needs: ({ backups: { store, signers }, producer }) =>
          checkKit ? [store, signers] : [store, producer?.sign, producer?.kit, producer?.encrypt],
        // What is known here is told to whoever restores; what is not is asked for there.
        wants: (written) => (checkKit ? undefined : written),
        work: async (at) => {
          const done = checkKit
            ? await proveKit({ ...at, signer, onLine: at.say })
            : await refreshKit({ ...at, images, anew: true, onLine: at.say }, context);
          return done.ok ? succeed(exitStatus.verified) : done;
        },
      },
      context,
    );
  },
});
