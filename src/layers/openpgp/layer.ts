import { z } from 'zod';
import type { Encryption } from '../layer.ts';
import { gpgNeeded } from '../unpack-failure.ts';
import { readMessageHead } from './message-head.ts';

const schema = z
  .strictObject({
    kind: z.literal('openpgp'),
    publicKeyFile: z.string().optional().describe('An exported public key'),
    recipient: z
      .string()
      .optional()
      .describe('Or a key of the gpg keyring on this host: fingerprint or address'),
    gnupgHome: z
      .string()
      .optional()
      .describe('GNUPGHOME of that keyring; the one of this user when left out'),
  })
  .describe('Not encrypted where both key and recipient come out empty');

export const openpgp: Encryption = {
  name: 'openpgp',
  does: 'encrypts',
  about: 'OpenPGP messages, armored or binary, to a key or with a passphrase; opened by openpgp.js or gpg.',
  short: 'gpg',
  endings: ['gpg', 'pgp', 'asc'],
  byHand: { command: 'gpg --decrypt', needs: 'gpg gpg-agent' },
  magic: {
    text: 'the packets of an OpenPGP message',
    fits: (head) => readMessageHead(head).kind !== 'other',
    judgedInside: true,
  },
  async open({ source, keys, processes, sizeBytes, onlySecond }) {
    const { openOpenpgp } = await import('./choose-engine.ts');
    return openOpenpgp({ source, config: keys, processes, sizeBytes, onlyGpg: onlySecond });
  },
  hasKey: ({ privateKeyFile }) => privateKeyFile !== undefined,
  async describeKey(keys, processes) {
    const { describeKey } = await import('./choose-engine.ts');
    return describeKey(keys, processes);
  },
  async diagnose(file, { detail }) {
    const { diagnoseFraming } = await import('./message-framing.ts');
    return diagnoseFraming(file, detail);
  },
  second: {
    async isHere(processes) {
      const { gpgName } = await import('./gpg-engine.ts');
      return (await gpgName(processes)) !== undefined;
    },
    missing: (file, detail) => gpgNeeded(`${file}, or tell whether it is damaged`, detail),
    first: 'openpgp.js',
  },
  seal: {
    schema,
    isEmpty(sealing) {
      const { publicKeyFile, recipient } = schema.parse(sealing);
      return !publicKeyFile && !recipient;
    },
    async describe(sealing, processes) {
      const { describeGpgRecipient } = await import('./seal-with-gpg.ts');
      return describeGpgRecipient({ recipient: schema.parse(sealing), processes });
    },
    async pack(sealing, work) {
      const { sealWithGpg } = await import('./seal-with-gpg.ts');
      return sealWithGpg({ ...work, recipient: schema.parse(sealing) });
    },
  },
};
