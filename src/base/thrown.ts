/** What was thrown, read without trusting its shape: anything can be thrown, and drivers wrap what the system says. */

/**
 * The code of Node, of the system (errno(3)) or of a driver: ENOENT, ERR_TLS_CERT_ALTNAME_INVALID, 40P01. Where the error has none of
 * its own, that of the error it was caused by: fetch wraps what its socket says.
 */
export function errorCode(error: unknown): string | undefined {
  if (error === null || typeof error !== 'object') return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error && error.cause instanceof Error ? errorCode(error.cause) : undefined;
}

/** The driver's own words, for the detail of a failure. */
export function errorWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
