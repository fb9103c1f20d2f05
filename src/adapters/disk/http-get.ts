import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, fail, failureMeaning, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode, errorWords } from '../../base/thrown.ts';
import { networkMeaning } from '../../platform/network-verdicts.ts';

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
 * One GET as it goes over the wire: no redirect is followed, no proxy used and nothing decompressed, so the size and
 * the digest are those of the object. A `file:` URL, as a folder of objects signs it, answers 200.
 */
export async function httpGet(request: HttpGetRequest): Promise<Outcome<HttpAnswer>> {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  const limit = AbortSignal.timeout(request.limitMs);
  const signal = request.signal === undefined ? limit : AbortSignal.any([request.signal, limit]);
  if (url === undefined || !['http:', 'https:', 'file:'].includes(url.protocol)) return fail(notAUrl());
  const doing = `GET ${describeUrl(url)}`;
  try {
    return succeed(url.protocol === 'file:' ? await readFile(url, signal) : await get(url, signal));
  } catch (error) {
    if (request.signal?.aborted) return fail(cancelledFailure(doing));
    if (limit.aborted) return fail(tooLate({ doing, limitMs: request.limitMs }));
    if (url.protocol === 'file:') return fail(describeFileFailure({ doing, error }));
    return fail(describeNetworkFailure({ doing, host: url.host, error }));
  }
}

/** Neither a password nor the signature in a query may reach a log. */
function describeUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

async function readFile(url: URL, signal: AbortSignal): Promise<HttpAnswer> {
  return { status: 200, ...(await digestBody(createReadStream(url, { signal }))) };
}

function get(url: URL, signal: AbortSignal): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { get } = url.protocol === 'https:' ? https : http;
    // A connection of its own: a health check must see the server of now.
    const sent = get(
      url,
      { agent: false, signal, headers: { 'user-agent': 'thaw', accept: '*/*' } },
      (answer) => {
        const status = answer.statusCode ?? 0;
        digestBody(answer).then((body) => resolve({ status, ...body }), reject);
      },
    );
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

function describeNetworkFailure(request: {
  readonly doing: string;
  readonly host: string;
  readonly error: unknown;
}): Failure {
  const code = errorCode(request.error);
  return failureMeaning({
    doing: request.doing,
    meaning: networkMeaning(code, { host: request.host, role: 'service' }) ?? [
      'unreachable',
      `the connection to ${request.host} broke off (${code ?? 'an unknown error'})`,
      'Look at the log of the service, then try again.',
      'safe',
    ],
    detail: errorWords(request.error),
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
