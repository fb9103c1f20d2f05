import type { Failure } from './failure.ts';

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
