import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type State = 'none' | 'under-way' | 'done';

export type ColdStore = {
  readonly endpoint: string;
  /** What the client calls a key contains that: it is in cold storage from now on. */
  freeze(part: string, state?: State): void;
  /** Brought back by somebody, or by what was asked for. */
  finish(): void;
  /** Requests to bring something back, as path and body. */
  requests(): readonly string[];
  close(): Promise<void>;
};

/**
 * Cold storage, which no server of ours has, before one that has the rest: classes in listings and answers, refused reads, and
 * RestoreObject, as docs.aws.amazon.com/AmazonS3/latest/API says them. What is asked for is there at the `looks`th look.
 */
export async function startColdStore(of: {
  readonly targetPort: number;
  readonly storageClass: string;
  readonly looks: number;
}): Promise<ColdStore> {
  const { targetPort, storageClass } = of;
  const frozen = new Map<string, { state: State; looks: number }>();
  const asked: string[] = [];
  const coldOf = (path: string) =>
    [...frozen].find(([part]) => decodeURIComponent(path.split('?')[0] ?? '').includes(part))?.[1];

  async function serve(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const { method = '', url = '' } = from;
    const cold = coldOf(url);
    if (cold !== undefined && method === 'POST' && url.includes('?restore')) {
      let body = '';
      for await (const chunk of from) body += chunk;
      asked.push(`${url.split('?')[0]} ${body}`);
      if (cold.state !== 'none') return refuse(to, 409, 'RestoreAlreadyInProgress');
      cold.state = 'under-way';
      return void to.writeHead(202).end();
    }
    if (cold !== undefined && method === 'GET' && cold.state !== 'done' && !/[?&](acl|tagging)/.test(url)) {
      from.resume();
      return refuse(to, 403, 'InvalidObjectState');
    }
    if (cold?.state === 'under-way' && method === 'HEAD') {
      cold.looks += 1;
      if (cold.looks >= of.looks) cold.state = 'done';
    }
    pass({ from, to, cold });
  }

  function pass({
    from,
    to,
    cold,
  }: {
    from: IncomingMessage;
    to: ServerResponse;
    cold?: { state: State } | undefined;
  }) {
    const isListing = from.method === 'GET' && /[?&]list-type=2/.test(from.url ?? '');
    const onward = ask(
      { port: targetPort, host: '127.0.0.1', method: from.method, path: from.url, headers: from.headers },
      (answer) => {
        const status = answer.statusCode ?? 502;
        if (!isListing) {
          const said = cold === undefined ? {} : headersOf(cold.state, storageClass);
          to.writeHead(status, { ...answer.headers, ...said });
          return void answer.pipe(to);
        }
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const text = Buffer.concat(chunks)
            .toString()
            .replace(/<Contents>.*?<\/Contents>/gs, dress);
          const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers;
          to.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
        });
      },
    );
    onward.on('error', () => from.socket.destroy());
    from.pipe(onward);
  }

  function dress(entry: string): string {
    const key = decodeURIComponent(/<Key>(.*?)<\/Key>/s.exec(entry)?.[1] ?? '');
    if (coldOf(key) === undefined) return entry;
    const plain = entry.replace(/<StorageClass>.*?<\/StorageClass>/s, '');
    return plain.replace('</Contents>', `<StorageClass>${storageClass}</StorageClass></Contents>`);
  }

  const server = createServer((from, to) => {
    to.on('error', () => undefined);
    serve(from, to).catch(() => from.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    freeze: (part, state = 'none') => void frozen.set(part, { state, looks: 0 }),
    finish: () => {
      for (const one of frozen.values()) one.state = 'done';
    },
    requests: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function headersOf(state: State, storageClass: string) {
  const until = 'expiry-date="Fri, 31 Dec 2027 00:00:00 GMT"';
  const restore = {
    none: undefined,
    'under-way': 'ongoing-request="true"',
    done: `ongoing-request="false", ${until}`,
  }[state];
  return {
    'x-amz-storage-class': storageClass,
    ...(restore === undefined ? {} : { 'x-amz-restore': restore }),
  };
}

function refuse(to: ServerResponse, ...[status, code]: [number, string]): void {
  const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Not now</Message></Error>`;
  to.writeHead(status, { 'content-type': 'application/xml' }).end(text);
}
