import type { Failure } from '../../base/failure.ts';
import { damaged, missingPassphrase, wrongPassphrase, wrongRecipient } from '../unpack-failure.ts';

/** What gpg says on its status stream (doc/DETAILS of GnuPG): made for programs, the same in every language. */
export type GpgStatus = { readonly keyword: string; readonly words: readonly string[] };

export function readStatusLine(line: string): GpgStatus | undefined {
  if (!line.startsWith('[GNUPG:] ')) return undefined;
  const [keyword = '', ...words] = line.slice('[GNUPG:] '.length).split(' ');
  return { keyword, words };
}

/** Error numbers carry their source in the upper half; the lower one is the code (gpg-error.h). */
const badPassphrase = 11;
const canceled = 99;
const noPinentry = 85;
const fullyCanceled = 198;

function errorCode(status: GpgStatus): number {
  const word = status.words[1] ?? '';
  return /^\d+$/.test(word) ? Number(word) & 0xffff : Number.parseInt(word, 10);
}

function isLocked(status: GpgStatus): boolean {
  return [canceled, noPinentry, fullyCanceled].includes(errorCode(status));
}

export function isBadPassphrase(status: GpgStatus): boolean {
  return errorCode(status) === badPassphrase;
}

/**
 * undefined when the message was opened and its integrity proven. The exit status alone does not do: gpg ends with 0
 * on a message that is cut off within its first packet, having decrypted nothing.
 */
export function judgeDecryption(run: {
  readonly exitCode: number;
  readonly statuses: readonly GpgStatus[];
  readonly words: string;
  readonly keyIds: readonly string[];
}): Failure | undefined {
  const { statuses, words } = run;
  const has = (keyword: string) => statuses.some((status) => status.keyword === keyword);
  const aead = statuses.find((status) => status.keyword === 'DECRYPTION_INFO')?.words[2] ?? '0';
  const isProven = has('GOODMDC') || aead !== '0';
  if (run.exitCode === 0 && has('DECRYPTION_OKAY') && isProven && !has('BADMDC')) return undefined;
  const detail = words.trim();

  if (has('BADMDC')) {
    return damaged(
      'The encrypted data was changed after it was written: its checksum does not match.',
      detail,
    );
  }
  const errors = statuses.filter((status) => status.keyword === 'ERROR');
  if (errors.some(isBadPassphrase)) return wrongPassphrase(has('ENC_TO') ? 'the secret key' : 'this backup');
  if (errors.some(isLocked)) return missingPassphrase('The secret key');
  if (has('NEED_PASSPHRASE_SYM') && !has('BEGIN_DECRYPTION')) return missingPassphrase('The backup');
  if (has('NO_SECKEY') && !has('DECRYPTION_KEY')) {
    const recipients = statuses
      .filter((status) => status.keyword === 'ENC_TO')
      .map(({ words: [id = ''] }) => id);
    return wrongRecipient(recipients, run.keyIds);
  }
  if (has('NODATA'))
    return damaged('There is no encrypted data in it, or it ends before its content begins.', detail);
  if (has('DECRYPTION_OKAY') && !isProven) {
    return damaged(
      'The encrypted data carries no checksum, so nobody can tell whether it was changed.',
      detail,
    );
  }
  return damaged('The encrypted data cannot be read.', detail);
}
