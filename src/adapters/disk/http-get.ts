import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, fail, failureMeaning, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode, errorWords } from '../../base/thrown.ts';
import { type Agents, describeCertificate, openAgents, proxyIn } from '../../platform/network-agents.ts';
import { networkMeaning, networkTrouble } from '../../platform/network-verdicts.ts';

type HttpGetRequest = {
  readonly url: string;
  /** For everything: name, connection, answer and content. */
  readonly limitMs: number;
  readonly signal?: AbortSignal;
};

type HttpAnswer = {
  readonly status: number;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** At most the first MiB. */
  readonly text: string;
};

const mostTextBytes = 1024 * 1024;

/**
 * One GET as it goes over the wire: no redirect is followed and nothing decompressed, so the size and the digest are those of
 * the object. HTTPS goes through the tunnel of a proxy where the environment names one; plain HTTP goes straight, since a proxy
 * could answer from its memory. A `file:` URL, as a folder of objects signs it, answers 200.
 */
export async function httpGet(request: HttpGetRequest): Promise<Outcome<HttpAnswer>> {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  const limit = AbortSignal.timeout(request.limitMs);
  const signal = request.signal === undefined ? limit : AbortSignal.any([request.signal, limit]);
  if (url === undefined || !['http:', 'https:', 'file:'].includes(url.protocol)) return fail(notAUrl());
  const doing = `GET ${describeUrl(url)}`;
  const agents = openAgents(url);
  if (!agents.ok) return agents;
  try {
    return succeed(
      url.protocol === 'file:'
        ? await readFile(url, signal)
        : await get(url, { signal, agents: agents.value }),
    );
  } catch (error) {
    if (request.signal?.aborted) return fail(cancelledFailure(doing));
    if (limit.aborted) return fail(tooLate({ doing, limitMs: request.limitMs }));
    if (url.protocol === 'file:') return fail(describeFileFailure({ doing, error }));
    return fail(await describeNetworkFailure({ doing, url, error }));
  }
}

/** Neither a password nor the signature in a query may reach a log. */
function describeUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

async function readFile(url: URL, signal: AbortSignal): Promise<HttpAnswer> {
  return { status: 200, ...(await digestBody(createReadStream(url, { signal }))) };
}

function get(url: URL, how: { readonly signal: AbortSignal; readonly agents: Agents }): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === 'https:';
    const { get } = isSecure ? https : http;
    // A connection of its own: a health check must see the server of now.
    const agent = isSecure ? how.agents.httpsAgent : false;
    const headers = { 'user-agent': 'thaw', accept: '*/*' };
    const sent = get(url, { agent, signal: how.signal, headers }, (answer) => {
      const status = answer.statusCode ?? 0;
      digestBody(answer).then((body) => resolve({ status, ...body }), reject);
    });
    sent.once('error', reject);
  });
}

async function digestBody(body: Readable): Promise<Omit<HttpAnswer, 'status'>> {
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    if (sizeBytes < mostTextBytes) kept.push(chunk.subarray(0, mostTextBytes - sizeBytes));
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest('hex'), text: Buffer.concat(kept).toString() };
}

async function describeNetworkFailure(request: {
  readonly doing: string;
  readonly url: URL;
  readonly error: unknown;
}): Promise<Failure> {
  const { doing, url, error } = request;
  const code = errorCode(error);
  const proxy = proxyIn(error);
  const peer = proxy === undefined ? { host: url.host, role: 'service' } : { host: proxy, role: 'proxy' };
  const certificate = networkTrouble(code) === 'untrusted' ? await describeCertificate(url) : undefined;
  return failureMeaning({
    doing,
    meaning: networkMeaning(code, { ...peer, certificate }) ?? [
      'unreachable',
      `the connection to ${url.host} broke off (${code ?? 'an unknown error'})`,
      'Look at the log of the service, then try again.',
      'safe',
    ],
    detail: errorWords(error),
  });
}

function tooLate(request: { readonly doing: string; readonly limitMs: number }): Failure {
  return {
    code: 'unreachable',
    message: `Cannot ${request.doing}: no whole answer came within ${request.limitMs / 1000} s.`,
    remedy: 'Look at the log of the service, then try again.',
    retry: 'safe',
  };
}

function notAUrl(): Failure {
  return {
    code: 'invalid-input',
    message: 'Cannot GET the address: it is not an http:, https: or file: URL.',
    remedy: 'Give a whole URL, for example http://127.0.0.1:3000/health.',
    retry: 'after-fix',
  };
}
