import type { S3Client } from '@aws-sdk/client-s3';
import { type Failure, fail, failureMeaning, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { describeCertificate } from '../../platform/network-agents.ts';
import { networkTrouble } from '../../platform/network-verdicts.ts';
import { type Opened, openClient, type S3Config, type S3Limits, type Sdk } from './open-client.ts';
import { classifyS3Error, type Peer, regionIn } from './s3-failure.ts';
import { readEndpoint, showEndpoint } from './s3-identity.ts';
import type { Unopened } from './s3-settings.ts';

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
  /** Of the endpoint, for people; where the runbook leaves it out, known once the store is opened. */
  host(): string;
  /** Where it was opened, by which rules, and with whose credentials; undefined before the first request. */
  opened(): Opened | undefined;
  /** A failure that came after the call: of a body that is being read. */
  explain(failed: {
    readonly doing: string;
    readonly error: unknown;
    readonly signal?: AbortSignal | undefined;
  }): Failure;
  readonly isAnonymous: boolean;
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

/** What it says of credentials that were good once: those that came from a profile or a role are looked for anew. */
const staleCodes = ['ExpiredToken', 'InvalidToken', 'InvalidTokenId', 'InvalidAccessKeyId'];

/** Nothing is loaded or opened here: the SDK takes a noticeable part of the program's start, so it waits for the first call. */
export function createS3Connection(request: {
  readonly config: S3Config;
  readonly limits: S3Limits;
}): S3Connection {
  const { config, limits } = request;
  const clients = keepClients(request);
  let seen = false;

  const place = (key?: string) => `s3://${config.bucket}${key === undefined ? '' : `/${key}`}`;
  const host = () => {
    const url = clients.opened()?.endpoint ?? readEndpoint(config.endpoint ?? '');
    return url === undefined ? 'the endpoint' : showEndpoint(url);
  };
  const peer = (): Peer => {
    const { endpoint, region, source, addressing } = clients.opened() ?? {};
    return {
      host: host(),
      url: endpoint,
      region,
      source,
      addressing,
      isGiven: config.endpoint !== undefined,
    };
  };

  const call = async <T>(asked: S3Call<T>): Promise<Outcome<T>> => {
    const doing = `${asked.verb} ${place(asked.key)}`;
    const opened = await clients.open();
    if ('meaning' in opened) return fail(failureMeaning({ doing, ...opened }));
    const answer = await attempt(asked, { clients, opened, limits });
    if ('value' in answer) {
      seen ||= asked.asksStore !== false;
      return succeed(answer.value);
    }
    const { error } = answer;
    if (error instanceof Error && staleCodes.includes(error.name)) clients.forget();
    const { signal } = asked;
    const certificate = await certificateOf(error, opened.endpoint);
    const clockSkewMs = asked.clockSkewMs?.();
    const failure = classifyS3Error({ doing, error, signal, clockSkewMs, peer: { ...peer(), certificate } });
    return fail({ ...failure, detail: opened.redact(failure.detail ?? '') });
  };
  const explain: S3Connection['explain'] = (failed) => classifyS3Error({ ...failed, peer: peer() });

  return {
    ...{
      bucket: config.bucket,
      host,
      opened: clients.opened,
      limits,
      place,
      call,
      explain,
      close: clients.close,
    },
    isAnonymous: config.anonymous === true,
    bucketSeen: () => seen,
    lacks: new Map(),
  };
}

/** Once more where the store says that the bucket lies in another region: the SDK's own way changes the region of requests beside it. */
async function attempt<T>(
  asked: S3Call<T>,
  at: {
    readonly clients: ReturnType<typeof keepClients>;
    readonly opened: Opened;
    readonly limits: S3Limits;
  },
): Promise<{ readonly value: T } | { readonly error: unknown }> {
  const requestTimeout = at.limits.answerMs + (asked.sentBytes ?? 0) / slowestBytesPerMs;
  const signal = asked.signal === undefined ? {} : { abortSignal: asked.signal };
  const send = ({ sdk, client }: Opened) =>
    asked.perform({ sdk, client, options: { ...signal, requestTimeout } }).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  const first = await send(at.opened);
  const region = 'error' in first ? regionIn(first.error) : undefined;
  const other = region === undefined ? at.opened : await at.clients.open(region);
  return other === at.opened || 'meaning' in other ? first : send(other);
}

/** What the server shows, where that is the trouble. */
async function certificateOf(error: unknown, endpoint: URL): Promise<string | undefined> {
  return networkTrouble(errorCode(error)) === 'untrusted' ? describeCertificate(endpoint) : undefined;
}

/** One client at a time, made when it is first asked for, and anew where the bucket turns out to lie in another region. */
function keepClients({ config, limits }: Parameters<typeof createS3Connection>[0]) {
  const clients: Promise<Opened | Unopened>[] = [];
  let region: string | undefined;
  let current: Promise<Opened | Unopened> | undefined;
  let last: Opened | undefined;
  const open = async (found = region): Promise<Opened | Unopened> => {
    // Once: a store that names another region each time would be followed for ever.
    if (region === undefined && found !== undefined && found !== last?.region) {
      region = found;
      current = undefined;
    }
    if (current === undefined) {
      current = openClient({ config, limits, region });
      clients.push(current);
    }
    const mine = current;
    const opened = await mine;
    if (!('meaning' in opened)) last = opened;
    // The next one may find what was mended meanwhile.
    else if (current === mine) current = undefined;
    return opened;
  };
  return {
    open,
    opened: () => last,
    forget: () => {
      if (last?.source !== undefined) current = undefined;
    },
    /** Others may still be at work with an earlier one, so all of them end here. */
    close: () => {
      for (const one of clients.splice(0))
        one.then((opened) => ('meaning' in opened ? undefined : opened.client.destroy()));
      current = undefined;
    },
  };
}
