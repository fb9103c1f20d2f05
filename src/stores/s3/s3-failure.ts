import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, failureMeaning, type Meaning } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { networkMeaning } from '../../platform/network-verdicts.ts';
import { meaningOfS3Code, meaningOfStatus } from './s3-verdicts.ts';

type FailedCall = {
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
  const [code, because, remedy, retry] =
    meaningOfS3Code(thrown.name) ??
    networkMeaning(errorCode(call.error) ?? thrown.name, { host: call.host, role: 'store' }) ??
    meaningOfStatus(thrown.status);
  const answer = thrown.status === undefined ? thrown.name : `HTTP ${thrown.status} ${thrown.name}`;
  const words = because
    .replace('{host}', call.host)
    .replace('{skew}', describeSkew(call.clockSkewMs))
    .replace('{answer}', answer);
  const meaning: Meaning = [code, words, remedy, retry];
  return failureMeaning({ doing: call.doing, meaning, detail: thrown.words });
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
