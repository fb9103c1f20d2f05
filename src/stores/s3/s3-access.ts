import { z } from 'zod';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { StoreAccess } from '../../ports/object-store.ts';
import type { S3Connection } from './s3-client.ts';
import { identifyStore } from './s3-identity.ts';

/** One listing of at most one key: it proves the address, both keys, the bucket and the right to list. */
export async function accessBucket(
  connection: S3Connection,
  signal?: AbortSignal,
): Promise<Outcome<StoreAccess>> {
  const { bucket, limits } = connection;
  const limit = AbortSignal.timeout(limits.accessMs);
  let clockSkewMs: number | undefined;
  const answer = await connection.call({
    verb: 'list',
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    clockSkewMs: () => clockSkewMs,
    perform: ({ sdk, client, options }) => {
      const command = new sdk.ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1, EncodingType: 'url' });
      command.middlewareStack.add(
        (next) => async (args) => {
          const askedAtMs = Date.now();
          const result = await next(args);
          clockSkewMs = measureSkew({ response: result.response, askedAtMs, answeredAtMs: Date.now() });
          return result;
        },
        // Close to the socket, so that the header is seen on a refusal too.
        { step: 'deserialize', priority: 'low', name: 'readStoreClock' },
      );
      return client.send(command, options);
    },
  });
  if (!answer.ok) {
    const timedOut = limit.aborted && !signal?.aborted;
    return timedOut ? fail(noAnswer(connection)) : answer;
  }
  const { endpoint, source } = connection.opened() ?? {};
  return succeed({
    identity: endpoint === undefined ? { endpoint: '', bucket } : identifyStore({ endpoint, bucket }),
    ...(clockSkewMs === undefined ? {} : { clockSkewMs }),
    ...(source === undefined ? {} : { credentials: `${source}, at ${connection.host()}` }),
  });
}

/** The store's clock minus ours. The header has whole seconds, so half a second is its likeliest fraction. */
function measureSkew(request: {
  readonly response: unknown;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
}): number | undefined {
  const storeMs = Date.parse(dated.safeParse(request.response).data?.headers.date ?? '');
  if (Number.isNaN(storeMs)) return undefined;
  const oursMs = (request.askedAtMs + request.answeredAtMs) / 2;
  return Math.round((storeMs + 500 - oursMs) / 1000) * 1000;
}

const dated = z.object({ headers: z.object({ date: z.string() }) });

function noAnswer(connection: S3Connection) {
  const seconds = connection.limits.accessMs / 1000;
  return {
    code: 'unreachable',
    message: `Cannot list ${connection.place()}: ${connection.host()} does not answer within ${seconds} s.`,
    remedy: 'Check the endpoint, the network and its firewalls.',
    retry: 'safe',
  } as const;
}
