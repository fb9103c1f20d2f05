import { z } from 'zod';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, failureMeaning, type Meaning } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { proxyIn } from '../../platform/network-agents.ts';
import { networkMeaning } from '../../platform/network-verdicts.ts';
import { meaningOfS3Code, meaningOfStatus } from './s3-verdicts.ts';

type FailedCall = {
  /** What cannot be done, with the place in it: "read s3://b/k". */
  readonly doing: string;
  readonly error: unknown;
  readonly peer: Peer;
  readonly signal?: AbortSignal | undefined;
  /** The store's clock minus ours, where its answer showed a clock. */
  readonly clockSkewMs?: number | undefined;
};

/** The other side, as far as it is known. */
export type Peer = {
  /** host:port, for the failures that are about reaching it. */
  readonly host: string;
  readonly url?: URL | undefined;
  /** Named in the runbook; else by AWS's own rules, or by the environment. */
  readonly isGiven: boolean;
  readonly region?: string | undefined;
  readonly addressing?: 'path' | 'virtual' | undefined;
  /** Whose credentials are used, in words, where the runbook gives none. */
  readonly source?: string | undefined;
  /** What it shows, where its certificate is not taken. */
  readonly certificate?: string | undefined;
};

/** What the SDK throws: the S3 error code is its name, the HTTP status is in $metadata. */
type Thrown = {
  readonly name: string;
  readonly status: number | undefined;
  readonly words: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** The one place where what the SDK throws becomes a failure: by S3 error code, then network code, then HTTP status. */
export function classifyS3Error(call: FailedCall): Failure {
  if (call.signal?.aborted) return cancelledFailure(call.doing);
  const { peer, error } = call;
  const thrown = readThrown(error);
  const [code, because, remedy, retry] =
    meaningOfRegion(error, peer) ??
    meaningOfRedirect(thrown, peer) ??
    meaningOfS3Code(thrown.name) ??
    meaningOfNetwork(error, { name: thrown.name, peer }) ??
    meaningOfStatus(thrown.status);
  const answer = thrown.status === undefined ? thrown.name : `HTTP ${thrown.status} ${thrown.name}`;
  const fill = (text: string) =>
    text
      .replace('{host}', peer.host)
      .replace('{skew}', describeSkew(call.clockSkewMs))
      .replace('{who}', peer.source ?? 'this access key')
      .replace('{answer}', answer);
  const meaning: Meaning = [code, fill(because), fill(remedyFor(thrown.name, peer) ?? remedy), retry];
  return failureMeaning({ doing: call.doing, meaning, detail: thrown.words });
}

/** Where the proxy is not reached, it is the proxy that is named. */
function meaningOfNetwork(
  error: unknown,
  { name, peer: { host, certificate } }: { readonly name: string; readonly peer: Peer },
): Meaning | undefined {
  const proxy = proxyIn(error);
  const far = proxy === undefined ? { host, role: 'store' } : { host: proxy, role: 'proxy' };
  return networkMeaning(errorCode(error) ?? name, { ...far, certificate });
}

/** What else could be behind it, where the way that this store is spoken to makes that likely. */
function remedyFor(name: string, { source, url }: Peer): string | undefined {
  if (name === 'SignatureDoesNotMatch' && url !== undefined && url.pathname !== '/')
    return 'Enter the secret key again. If it is right, what stands in front of the store takes the path off the address before the store sees it, and the signature no longer fits: use an endpoint without a path.';
  if (source === undefined) return undefined;
  if (/^Expired|^InvalidToken/.test(name))
    return `Renew ${source} (sign in again, or put new keys there), then try again.`;
  return name === 'SignatureDoesNotMatch' || name === 'InvalidAccessKeyId'
    ? `Check that ${source} belongs to this very store, or give accessKey and secretKey in the runbook.`
    : undefined;
}

/** The region in which the store says that the bucket lies; an answer that is no name of a region says nothing. */
export function regionIn(error: unknown): string | undefined {
  const { status, headers } = readThrown(error);
  if (status !== 301 && status !== 400) return undefined;
  const named = error instanceof Error && 'Region' in error ? error.Region : undefined;
  const region = headers['x-amz-bucket-region'] ?? named;
  return typeof region === 'string' && /^[a-z0-9-]{1,40}$/.test(region) ? region : undefined;
}

function meaningOfRegion(error: unknown, peer: Peer): Meaning | undefined {
  const region = regionIn(error);
  if (region === undefined) return undefined;
  const isAws = peer.url !== undefined && /\.amazonaws\.com(\.cn)?$/.test(peer.url.hostname);
  const remedy =
    isAws && peer.isGiven
      ? `Give region: ${region} and leave the endpoint out, or give the endpoint of that region.`
      : `Give region: ${region}, and the endpoint of that region where the store has one for each.`;
  const because = `the bucket lies in the region ${region}${region === peer.region ? '' : `, not in ${peer.region}`}, and ${peer.host} does not serve it`;
  return ['invalid-input', because, remedy, 'after-fix'];
}

/** An answer that sends elsewhere, of whatever stands before a store. It is not followed: the signature is for one host. */
function meaningOfRedirect({ status, headers }: Thrown, { host, url }: Peer): Meaning | undefined {
  const { location } = headers;
  if (status === undefined || status < 301 || status > 308 || !location) return undefined;
  const target = URL.canParse(location, url?.href) ? new URL(location, url?.href) : undefined;
  const where = target === undefined ? 'another address' : target.origin;
  return [
    'invalid-input',
    `{host} is not the store: it sends on to ${where}`,
    where === url?.origin
      ? 'Give the endpoint of the S3 interface, not of a console or a web page.'
      : `If that is where the store answers (not ${host}), give it as the endpoint.`,
    'after-fix',
  ];
}

function describeSkew(skewMs: number | undefined): string {
  if (skewMs === undefined) return 'is too far from';
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return `is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'}`;
}

function readThrown(error: unknown): Thrown {
  if (!(error instanceof Error))
    return { name: 'Unknown', status: undefined, words: String(error), headers: {} };
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const response = '$response' in error ? error.$response : undefined;
  const name = 'Code' in error && typeof error.Code === 'string' ? error.Code : error.name;
  return {
    name,
    status: readNumber(metadata, 'httpStatusCode') ?? readNumber(response, 'statusCode'),
    words: `${name}: ${error.message}`,
    headers: answered.safeParse(response).data?.headers ?? {},
  };
}

const answered = z.object({ headers: z.record(z.string(), z.string()) });

function readNumber(holder: unknown, key: string): number | undefined {
  if (holder === null || typeof holder !== 'object') return undefined;
  const value = Reflect.get(holder, key);
  return typeof value === 'number' ? value : undefined;
}
