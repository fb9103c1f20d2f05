import type { Failure } from './failure.ts';

/** @param doing what is not done now, with the place in it: "read s3://b/k". */
export function cancelledFailure(doing: string): Failure {
  return {
    code: 'cancelled',
    message: `Cannot ${doing}: it is cancelled.`,
    remedy: 'Start it again when it is wanted.',
    retry: 'safe',
  };
}
