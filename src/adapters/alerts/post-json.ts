import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';

const limitMs = 15_000;

/** @param request.name how the receiver is called in a failure: its URL may be a secret and never stands in one. */
export async function postJson(request: {
  readonly url: string;
  readonly name: string;
  readonly body: unknown;
}): Promise<Outcome<void>> {
  const { url, name, body } = request;
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      // A redirect would hand the alert, and its key, to somebody the runbook does not name.
      redirect: 'manual',
      signal: AbortSignal.timeout(limitMs),
    });
    await answer.arrayBuffer();
  } catch (error) {
    return fail({
      ...undelivered(name, errorCode(error) ?? 'no answer'),
      code: 'unreachable',
      retry: 'safe',
    });
  }
  if (answer.ok) return succeed(undefined);
  const denied = answer.status === 401 || answer.status === 403 || answer.status === 404;
  return fail({ ...undelivered(name, `HTTP ${answer.status}`), code: denied ? 'denied' : 'command-failed' });
}

export function undelivered(name: string, why: string): Failure {
  return {
    code: 'command-failed',
    message: `The alert does not reach the ${name}: ${why}.`,
    remedy: 'Check the alerts of the monitor section in the runbook, and tell people yourself meanwhile.',
    retry: 'after-fix',
  };
}

/** The host alone; undefined when it is no URL of HTTP. */
export function hostOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host } = new URL(url);
  return protocol === 'https:' || protocol === 'http:' ? host : undefined;
}
