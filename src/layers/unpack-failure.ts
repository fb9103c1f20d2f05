import type { Failure } from '../base/failure.ts';
import { sayInstall } from '../platform/plan-install.ts';

const chooseAnother = 'Choose another snapshot, and keep this one for finding out what happened to it.';

export function damaged(message: string, detail?: string): Failure {
  return {
    code: 'damaged',
    message,
    remedy: chooseAnother,
    retry: 'never',
    ...(detail === undefined ? {} : { detail }),
  };
}

export function wrongKey(words: Pick<Failure, 'message' | 'remedy' | 'detail'>): Failure {
  return { code: 'wrong-key', ...words, retry: 'after-fix' };
}

export function wrongRecipient(recipients: readonly string[], atHand: readonly string[]): Failure {
  const isHidden = recipients.every((id) => /^0+$/.test(id));
  const wanted = isHidden ? 'a hidden recipient' : recipients.filter((id) => !/^0+$/.test(id)).join(' and ');
  const have =
    atHand.length === 0 ? 'no secret key is at hand' : `the keys at hand are ${atHand.join(' and ')}`;
  return wrongKey({
    message: `The backup is encrypted for ${wanted}; ${have}.`,
    remedy: 'Name the secret key of one of those ids as the private key file, or bring it to this host.',
  });
}

export function wrongPassphrase(what: string): Failure {
  return wrongKey({
    message: `The passphrase does not open ${what}.`,
    remedy: 'Correct the passphrase, then run the step again.',
  });
}

export function missingPassphrase(what: string): Failure {
  return wrongKey({
    message: `${what} is locked with a passphrase, and none is given.`,
    remedy: 'Give the passphrase in the environment.',
  });
}

export function cancelled(): Failure {
  return {
    code: 'cancelled',
    message: 'Unpacking is stopped because the run was told to stop.',
    remedy: 'Resume the run to start it again.',
    retry: 'safe',
  };
}

export function gpgNeeded(what: string, detail?: string): Failure {
  return {
    code: 'tool-missing',
    message: `The program gpg is not installed on this host, and openpgp.js alone cannot read ${what}.`,
    remedy: sayInstall({ program: 'gpg' }),
    retry: 'after-fix',
    lacks: { program: 'gpg' },
    ...(detail === undefined ? {} : { detail }),
  };
}
