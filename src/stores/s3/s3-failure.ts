import { cancelledFailure } from '../../base/cancelled-failure.ts';
import type { Failure } from '../../base/failure.ts';
import { errorCode } from '../../base/file-failure.ts';
import { verdictOfNetworkCode } from '../../platform/network-verdicts.ts';
import type { Verdict } from '../../platform/verdict-row.ts';
import { verdictOfS3Code, verdictOfStatus } from './s3-verdicts.ts';

export type FailedCall = {
  /** What cannot be done, with the place in it: "read s3://b/k". */
  readonly doing: string;
  readonly error: unknown;
  /** host:port, for the failures that are about reaching it. */
  readonly host: string;
  readonly signal?: AbortSignal | undefined;
  /** The store's clock minus ours, where its answer showed a clock. */
  readonly clockSkewMs?: number | undefined;
};

/** What the SDK throws: the S3 error code is its name, the HTTP status is in $metadata. */
type Thrown = { readonly name: string; readonly status: number | undefined; readonly words: string };

/** The one place where what the SDK throws becomes a failure: by S3 error code, then network code, then HTTP status. */
export function classifyS3Error(call: FailedCall): Failure {
  if (call.signal?.aborted) return cancelledFailure(call.doing);
  const thrown = readThrown(call.error);
  const verdict =
    verdictOfS3Code(thrown.name) ??
    verdictOfNetworkCode(errorCode(call.error) ?? thrown.name) ??
    verdictOfStatus(thrown.status);
  return describe({ call, thrown, verdict });
}

function describe(request: {
  readonly call: FailedCall;
  readonly thrown: Thrown;
  readonly verdict: Verdict;
}): Failure {
  const { call, thrown, verdict } = request;
  const because = verdict.because
    .replace('{host}', call.host)
    .replace('{skew}', describeSkew(call.clockSkewMs))
    .replace('{answer}', thrown.status === undefined ? thrown.name : `HTTP ${thrown.status} ${thrown.name}`);
  return {
    code: verdict.code,
    message: `Cannot ${call.doing}: ${because}.`,
    remedy: verdict.remedy,
    retry: verdict.retry,
    detail: thrown.words,
  };
}

function describeSkew(skewMs: number | undefined): string {
  if (skewMs === undefined) return 'is too far from';
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return `is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'}`;
}

function readThrown(error: unknown): Thrown {
  if (!(error instanceof Error)) return { name: 'Unknown', status: undefined, words: String(error) };
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const response = '$response' in error ? error.$response : undefined;
  const name = 'Code' in error && typeof error.Code === 'string' ? error.Code : error.name;
  return {
    name,
    status: readNumber(metadata, 'httpStatusCode') ?? readNumber(response, 'statusCode'),
    words: `${name}: ${error.message}`,
  };
}

function readNumber(holder: unknown, key: string): number | undefined {
  if (holder === null || typeof holder !== 'object') return undefined;
  const value = Reflect.get(holder, key);
  return typeof value === 'number' ? value : undefined;
}
