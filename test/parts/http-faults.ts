import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to one request. cut: the connection is closed; before it arrives, or after the answer came and before it is handed on. */
export type HttpFault =
  | 'pass'
  | 'cut-before'
  | 'cut-after'
  | 'hang'
  /** The head and half of the body, and then nothing more. */
  | 'stall-body'
  | { readonly status: number; readonly text: string };

export type SeenRequest = {
  /** Counted from 1, since the proxy was started. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
};

export type HttpFaults = {
  readonly endpoint: string;
  readonly port: number;
  /** Asked for each request, before it is handed on. */
  choose(fault: (request: SeenRequest) => HttpFault | Promise<HttpFault>): void;
  requests(): readonly SeenRequest[];
  close(): Promise<void>;
};

/** What a store says that is too busy. */
export const serviceUnavailable: HttpFault = {
  status: 503,
  text: '<?xml version="1.0"?><Error><Code>ServiceUnavailable</Code><Message>Busy</Message></Error>',
};

/** Stands before an HTTP server and treats its clients badly. Signatures stay good: the client's Host goes through. */
export async function startHttpFaults(request: { readonly targetPort: number }): Promise<HttpFaults> {
  const seen: SeenRequest[] = [];
  let choose: Parameters<HttpFaults['choose']>[0] = () => 'pass';

  async function serve(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const one = { number: seen.length + 1, method: from.method ?? '', path: from.url ?? '' };
    seen.push(one);
    const fault = await choose(one);
    if (fault === 'hang') return;
    if (fault === 'cut-before') return void from.socket.destroy();
    if (typeof fault === 'object') {
      // A client that still sends its body would see a broken pipe instead of the answer.
      from.resume();
      from.once('end', () =>
        to.writeHead(fault.status, { 'content-type': 'application/xml' }).end(fault.text),
      );
      return;
    }
    const onward = ask(
      {
        port: request.targetPort,
        host: '127.0.0.1',
        method: from.method,
        path: from.url,
        headers: from.headers,
      },
      (answer) => {
        if (fault === 'cut-after') {
          answer.resume();
          answer.once('end', () => from.socket.destroy());
          return;
        }
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        if (fault === 'pass') return void answer.pipe(to);
        answer.once('data', (chunk: Buffer) => {
          to.write(chunk.subarray(0, Math.ceil(chunk.length / 2)));
          answer.destroy();
        });
      },
    );
    onward.on('error', () => from.socket.destroy());
    from.pipe(onward);
  }

  const server = createServer((from, to) => {
    to.on('error', () => undefined);
    serve(from, to).catch(() => from.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    choose: (fault) => {
      choose = fault;
    },
    requests: () => seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
