import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What happens to the bytes that flow from the server to the client. `afterBytes` counts, on each connection, from
 * the moment the behaviour is set; `times` is how many connections suffer (all, when left out).
 */
export type ProxyBehaviour =
  | { readonly kind: 'pass' }
  /** Both sides of the connection are closed without a word. */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly times?: number }
  /** The connection stays open and nothing comes any more. */
  | { readonly kind: 'stall'; readonly afterBytes: number; readonly times?: number };

export type CuttingProxy = {
  readonly port: number;
  readonly endpoint: string;
  behave(behaviour: ProxyBehaviour): void;
  /** Connections that were cut or stalled since the behaviour was set. */
  sufferers(): number;
  close(): Promise<void>;
};

/** A TCP proxy in user space that treats its clients badly: the network of a real night. */
export async function startCuttingProxy(request: { readonly targetPort: number }): Promise<CuttingProxy> {
  let behaviour: ProxyBehaviour = { kind: 'pass' };
  let generation = 0;
  let suffered = 0;
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    const target = connect(request.targetPort, '127.0.0.1');
    let countedFor = generation;
    let passedBytes = 0;
    let stalled = false;
    const end = () => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk) => target.write(chunk));
    target.on('data', (chunk) => {
      if (stalled) return;
      if (countedFor !== generation) {
        countedFor = generation;
        passedBytes = 0;
      }
      const left = leftBytes({ behaviour, suffered, passedBytes });
      passedBytes += chunk.length;
      if (chunk.length <= left) {
        if (!client.write(chunk)) pauseUntilDrained(target, client);
        return;
      }
      suffered += 1;
      const last = chunk.subarray(0, left);
      if (behaviour.kind === 'stall') {
        stalled = true;
        client.write(last);
      } else {
        client.write(last, end);
      }
    });
  });
  const port = await listen(server);

  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    behave: (next) => {
      behaviour = next;
      generation += 1;
      suffered = 0;
    },
    sufferers: () => suffered,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function leftBytes(state: {
  readonly behaviour: ProxyBehaviour;
  readonly suffered: number;
  readonly passedBytes: number;
}): number {
  const { behaviour, suffered, passedBytes } = state;
  if (behaviour.kind === 'pass') return Number.POSITIVE_INFINITY;
  if (suffered >= (behaviour.times ?? Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
  return Math.max(0, behaviour.afterBytes - passedBytes);
}

function pauseUntilDrained(source: Socket, sink: Socket): void {
  source.pause();
  sink.once('drain', () => source.resume());
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
