import type { S3Client } from '@aws-sdk/client-s3';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { createRedactor, type Secret } from '../../base/secret.ts';
import { classifyS3Error } from './s3-failure.ts';
import { readEndpoint } from './s3-identity.ts';

export type S3Config = {
  /** URL with scheme, for example https://s3.eu-west-1.amazonaws.com. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: Secret;
  readonly secretKey: Secret;
};
type Sdk = typeof import('@aws-sdk/client-s3');

/** Sizes and times, settable so that tests need neither a thousand objects nor a minute. */
export type S3Limits = {
  /** No answer to a request for that long counts as a failed attempt, of five. */
  readonly answerMs: number;
  /** `access` gives up after that long, whatever the attempts. */
  readonly accessMs: number;
  readonly connectMs: number;
  readonly keysPerPage: number;
  /** Objects up to this size are written in one request; also the least size of a part. */
  readonly partBytes: number;
};

export const defaultS3Limits: S3Limits = {
  answerMs: 60_000,
  accessMs: 20_000,
  connectMs: 10_000,
  keysPerPage: 1000,
  partBytes: 8 * 1024 * 1024,
};

type CallOptions = { readonly abortSignal?: AbortSignal; readonly requestTimeout: number };

type S3Call<T> = {
  /** What is being done, as a verb: read, write, list. */
  readonly verb: string;
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes sent with the request: a slow line gets the time they need. */
  readonly sentBytes?: number;
  /** False for what is done without asking the store. */
  readonly asksStore?: false;
  readonly clockSkewMs?: () => number | undefined;
  readonly perform: (tools: {
    readonly sdk: Sdk;
    readonly client: S3Client;
    readonly options: CallOptions;
  }) => Promise<T>;
};

export type S3Connection = {
  readonly bucket: string;
  readonly host: string;
  readonly endpoint: URL | undefined;
  readonly limits: S3Limits;
  /** True once a request about this bucket has succeeded: from then on a 404 can only mean the key. */
  readonly bucketSeen: () => boolean;
  /** What this store was found not to have, or this credential not to be let; not asked for and not given again. */
  readonly lacks: Map<'tags' | 'access', 'absent' | 'denied'>;
  /** s3://bucket/key, for people. */
  place(key?: string): string;
  call<T>(call: S3Call<T>): Promise<Outcome<T>>;
  close(): void;
};

/** Slowest line that is still worth waiting for, when bytes are sent. */
const slowestBytesPerMs = 32;

/** Nothing is loaded or opened here: the SDK takes a noticeable part of the program's start, so it waits for the first call. */
export function createS3Connection(request: {
  readonly config: S3Config;
  readonly limits: S3Limits;
}): S3Connection {
  const { config, limits } = request;
  const endpoint = readEndpoint(config.endpoint);
  const host = endpoint?.host ?? 'an unreadable endpoint';
  const redact = createRedactor([config.secretKey.reveal()]);
  let opened: Promise<{ sdk: Sdk; client: S3Client }> | undefined;
  let seen = false;

  const place = (key?: string) => `s3://${config.bucket}${key === undefined ? '' : `/${key}`}`;

  const call = async <T>(asked: S3Call<T>): Promise<Outcome<T>> => {
    const doing = `${asked.verb} ${place(asked.key)}`;
    if (endpoint === undefined) return fail(unreadableEndpoint(doing));
    opened ??= openClient({ config, limits });
    const { sdk, client } = await opened;
    const requestTimeout = limits.answerMs + (asked.sentBytes ?? 0) / slowestBytesPerMs;
    const options = asked.signal === undefined ? {} : { abortSignal: asked.signal };
    try {
      const value = await asked.perform({ sdk, client, options: { ...options, requestTimeout } });
      seen ||= asked.asksStore !== false;
      return succeed(value);
    } catch (error) {
      const clockSkewMs = asked.clockSkewMs?.();
      const failure = classifyS3Error({ doing, error, host, signal: asked.signal, clockSkewMs });
      return fail({ ...failure, detail: redact(failure.detail ?? '') });
    }
  };

  const close = () => {
    opened?.then(({ client }) => client.destroy());
    opened = undefined;
  };
  return {
    bucket: config.bucket,
    host,
    endpoint,
    limits,
    bucketSeen: () => seen,
    lacks: new Map(),
    place,
    call,
    close,
  };
}

function unreadableEndpoint(doing: string) {
  return {
    code: 'invalid-input',
    message: `Cannot ${doing}: the endpoint is not an http:// or https:// URL.`,
    remedy: 'Give the endpoint as a URL with its scheme, for example https://s3.eu-west-1.amazonaws.com.',
    retry: 'after-fix',
  } as const;
}

async function openClient(request: { readonly config: S3Config; readonly limits: S3Limits }) {
  const { config, limits } = request;
  const sdk = await import('@aws-sdk/client-s3');
  const agent = { keepAlive: true, maxSockets: 64 };
  const client = new sdk.S3Client({
    endpoint: config.endpoint,
    region: config.region,
    credentials: { accessKeyId: config.accessKey.reveal(), secretAccessKey: config.secretKey.reveal() },
    forcePathStyle: true,
    // The default checksums are refused by GCS, B2, R2 and older servers; our own are Content-MD5 and the length.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    retryMode: 'standard',
    maxAttempts: 5,
    requestHandler: {
      connectionTimeout: limits.connectMs,
      throwOnRequestTimeout: true,
      // Waiting for a free socket is no trouble here, and a warning on the console would tear the screen.
      socketAcquisitionWarningTimeout: 2 ** 31 - 1,
      httpAgent: agent,
      httpsAgent: agent,
    },
    logger: silent,
  });
  return { sdk, client };
}

const ignore = () => {};
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
