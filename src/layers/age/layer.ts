import { z } from 'zod';
import type { Encryption } from '../layer.ts';
import { wrongIdentity } from './age-failure.ts';

const begins = ['age-encryption.org/v1', '-----BEGIN AGE ENCRYPTED FILE-----'];

const schema = z
  .strictObject({
    kind: z.literal('age'),
    recipients: z.array(z.string().min(1)).min(1).describe('Public keys, as age-keygen shows them: age1…'),
  })
  .describe('For the recipients of age');

export const age: Encryption = {
  name: 'age',
  does: 'encrypts',
  about:
    'age, armored or binary, for recipients or with a passphrase; SSH keys and plugins by the program age.',
  short: 'age',
  endings: ['age'],
  byHand: { command: 'age --decrypt --identity "$AGE_IDENTITY_FILE"', needs: 'age' },
  magic: {
    text: 'age-encryption.org/v1',
    fits: (head) => begins.some((words) => head.subarray(0, words.length).toString('latin1') === words),
    judgedInside: true,
  },
  async open({ source, keys, processes }) {
    const { openAge } = await import('./open-age.ts');
    return openAge({ source, identityFile: keys.ageIdentityFile, passphrase: keys.passphrase, processes });
  },
  hasKey: ({ ageIdentityFile }) => ageIdentityFile !== undefined,
  async describeKey({ ageIdentityFile }) {
    const { describeIdentities } = await import('./read-identities.ts');
    return ageIdentityFile === undefined ? noIdentity() : describeIdentities(ageIdentityFile);
  },
  seal: {
    schema,
    async describe(sealing) {
      const { describeAgeRecipients } = await import('./seal-with-age.ts');
      return describeAgeRecipients(schema.parse(sealing).recipients);
    },
    async pack(sealing, { source }) {
      const { sealWithAge } = await import('./seal-with-age.ts');
      return sealWithAge({ source, recipients: schema.parse(sealing).recipients });
    },
  },
};

function noIdentity() {
  return {
    ok: false,
    failure: wrongIdentity({
      message: 'No age identity is named.',
      remedy: 'Name the file with the identity as backups.key.ageIdentityFile in the runbook.',
    }),
  } as const;
}
