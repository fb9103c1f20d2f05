import http from 'node:http';
import https from 'node:https';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { type Agents, describeCertificate, openAgents } from '../../platform/network-agents.ts';
import { networkMeaning, networkTrouble } from '../../platform/network-verdicts.ts';

const limitMs = 15_000;

/** @param request.name how the receiver is called in a failure: its URL may be a secret and never stands in one. */
export async function postJson(request: {
  readonly url: string;
  readonly name: string;
  readonly body: unknown;
}): Promise<Outcome<void>> {
  const { url, name, body } = request;
  const to = new URL(url);
  const agents = openAgents(to);
  if (!agents.ok) return agents;
  let status: number;
  try {
    status = await post(to, { agents: agents.value, body: JSON.stringify(body) });
  } catch (error) {
    const code = errorCode(error);
    if (networkTrouble(code) === 'untrusted') return fail(await notTrusted(code, { name, to }));
    return fail({ ...undelivered(name, code ?? 'no answer'), code: 'unreachable', retry: 'safe' });
  }
  if (status >= 200 && status < 300) return succeed(undefined);
  const denied = status === 401 || status === 403 || status === 404;
  return fail({ ...undelivered(name, `HTTP ${status}`), code: denied ? 'denied' : 'command-failed' });
}

/** Proxy and authorities as this host has them. A redirect is not followed: it would hand the alert, and its key, to somebody the runbook does not name. */
function post(
  url: URL,
  { agents, body }: { readonly agents: Agents; readonly body: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === 'https:';
    const sent = (isSecure ? https : http).request(
      url,
      {
        method: 'POST',
        agent: isSecure ? agents.httpsAgent : agents.httpAgent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(limitMs),
      },
      (answer) => {
        answer.resume().once('error', reject);
        answer.once('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

async function notTrusted(
  code: string | undefined,
  { name, to }: { readonly name: string; readonly to: URL },
): Promise<Failure> {
  // The host alone: what else the address holds may be a secret.
  const certificate = await describeCertificate(new URL(to.origin));
  const said = networkMeaning(code, { host: to.host, role: 'receiver', certificate });
  const failure = undelivered(name, said?.[1] ?? 'its certificate is not trusted');
  return { ...failure, code: 'unreachable', ...(said === undefined ? {} : { remedy: said[2] }) };
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
