import type { Failure } from './failure.ts';
import { errorWords } from './thrown.ts';

/**
 * A stream can only end badly with an Error. This one carries the failure that was classified where it happened,
 * so that whoever reads the stream need not classify it a second time.
 */
export function createBodyError(failure: Failure): Error {
  return new Error(failure.message, { cause: failure });
}

/** The failure that a stream's error carries, or undefined when the error came from somewhere else. */
export function failureOfBodyError(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { cause } = error;
  return isFailure(cause) ? cause : undefined;
}

function isFailure(value: unknown): value is Failure {
  if (value === null || typeof value !== 'object') return false;
  return 'code' in value && 'message' in value && 'remedy' in value && 'retry' in value;
}

/** Why a body could not be read to its end, in the words it carries or, failing those, in ours. */
export function brokenBodyFailure(doing: string, error: unknown): Failure {
  return (
    failureOfBodyError(error) ?? {
      code: 'damaged',
      message: `Cannot ${doing}: its content broke off.`,
      remedy: 'Read the source again.',
      retry: 'safe',
      detail: errorWords(error),
    }
  );
}

export function wrongLengthFailure(wrong: {
  readonly doing: string;
  readonly sizeBytes: number;
  readonly receivedBytes: number;
}): Failure {
  const { doing, sizeBytes, receivedBytes } = wrong;
  // Nobody counts on after the first byte too many.
  const found =
    receivedBytes > sizeBytes ? `more than ${sizeBytes}` : `${receivedBytes} instead of ${sizeBytes}`;
  return {
    code: 'damaged',
    message: `Cannot ${doing}: its content has ${found} bytes.`,
    remedy: 'Read the source again; it changed or broke off meanwhile.',
    retry: 'safe',
  };
}
