import type { Failure } from './failure.ts';

/** What a store without conditional requests of its own refuses before it opens an object. */

export function missingObjectFailure(doing: string): Failure {
  return {
    code: 'not-found',
    message: `Cannot ${doing}: there is no such object.`,
    remedy: 'List the store again and choose what is there.',
    retry: 'after-fix',
  };
}

/** The object has changed since it was listed, or has no byte of the range that is asked for. */
export function refuseRead(asked: {
  readonly doing: string;
  readonly request: {
    readonly ifMatch?: string;
    readonly fromByte?: number;
    readonly toByte?: number;
  };
  readonly info: { readonly etag?: string; readonly sizeBytes: number };
}): Failure | undefined {
  const { request, info, doing } = asked;
  if (request.ifMatch !== undefined && request.ifMatch !== info.etag) {
    return {
      code: 'conflict',
      message: `Cannot ${doing}: the object has changed meanwhile.`,
      remedy: 'List the store again and start over with the object as it is now.',
      retry: 'after-fix',
    };
  }
  const isRange = request.fromByte !== undefined || request.toByte !== undefined;
  if (!isRange || (request.fromByte ?? 0) < info.sizeBytes) return undefined;
  return {
    code: 'invalid-input',
    message: `Cannot ${doing}: it has ${info.sizeBytes} bytes, so none from byte ${request.fromByte ?? 0}.`,
    remedy: 'Ask for bytes that it has.',
    retry: 'never',
  };
}
