import { randomBytes } from 'node:crypto';

/** Every secret of a sandbox is random and holds this word, so that a leak can be searched for by one name. */
export const canary = 'CANARY';

export type SandboxSecrets = {
  readonly databasePassword: string;
  readonly drillPassword: string;
  readonly keyPassphrase: string;
  /** 64 hex digits; the canary is in the bytes they stand for. */
  readonly encryptionKey: string;
  readonly webhookSecret: string;
  readonly storeSecret: string;
  readonly ocrApiKey: string;
  readonly smtpPassword: string;
};

export function renderSecrets(): SandboxSecrets {
  const draw = () => canary + randomBytes(12).toString('hex');
  return {
    databasePassword: draw(),
    drillPassword: draw(),
    keyPassphrase: draw(),
    encryptionKey: Buffer.concat([Buffer.from(canary), randomBytes(32 - canary.length)]).toString('hex'),
    webhookSecret: draw(),
    storeSecret: draw(),
    ocrApiKey: draw(),
    smtpPassword: draw(),
  };
}
