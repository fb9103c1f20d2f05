import type { Outcome } from '../../base/failure.ts';
import { type ServerContext, withSession } from './session.ts';

/**
 * As `withSession`, for what only reads and is judged: where the connection is lost on the way it is done once more, anew. A server that is
 * gone says so at once.
 */
export async function withReadSession<T>(
  context: ServerContext,
  request: Parameters<typeof withSession<T>>[1],
): Promise<Outcome<T>> {
  let wasOpen = false;
  const work: typeof request.work = (session) => {
    wasOpen = true;
    return request.work(session);
  };
  const first = await withSession(context, { ...request, work });
  const isLost = wasOpen && !first.ok && first.failure.code === 'unreachable';
  return isLost ? withSession(context, request) : first;
}
