import type { Failure } from '../../base/failure.ts';
import { errorWords } from '../../base/thrown.ts';

export function wrongIdentity(what: {
  readonly message: string;
  readonly remedy: string;
  readonly error?: unknown;
}): Failure {
  const { message, remedy, error } = what;
  return {
    code: 'wrong-key',
    message,
    remedy,
    retry: 'after-fix',
    ...(error === undefined ? {} : { detail: errorWords(error) }),
  };
}

export function damagedMessage(error: unknown): Failure {
  return {
    code: 'damaged',
    message: 'The age data is damaged: it was changed after it was written, or it ends early.',
    remedy: 'Choose another snapshot, and keep this one for finding out what happened to it.',
    retry: 'never',
    detail: errorWords(error),
  };
}
