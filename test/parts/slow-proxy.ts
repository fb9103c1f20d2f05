import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type SlowProxy = {
  readonly endpoint: string;
  /** Of all connections together, from the server to the client; no limit when undefined. */
  limit(bytesPerSecond: number | undefined): void;
  /** After so many more bytes nothing comes any more, until there is another limit: a kill finds it half-way, however late it comes. */
  stopAfter(bytes: number): void;
  /** Bytes that came through towards the client. */
  passedBytes(): number;
  close(): Promise<void>;
};

/** How finely time is cut: small enough that a kill finds the transfer half-way. */
const turnMs = 50;

/** A thin line: a TCP proxy in user space that lets only so many bytes a second through. */
export async function startSlowProxy(request: { readonly targetPort: number }): Promise<SlowProxy> {
  let limit: number | undefined;
  let left = Number.POSITIVE_INFINITY;
  let passedBytes = 0;
  let freeAtMs = 0;
  const sockets = new Set<Socket>();

  /** All connections queue for the same line. */
  async function queue(sizeBytes: number): Promise<void> {
    while (left <= 0) await sleep(turnMs);
    left -= sizeBytes;
    if (limit === undefined) return;
    const nowMs = performance.now();
    freeAtMs = Math.max(freeAtMs, nowMs) + (sizeBytes / limit) * 1000;
    while (limit !== undefined && performance.now() < freeAtMs) await sleep(turnMs);
  }

  const server = createServer((client) => {
    const target = connect(request.targetPort, '127.0.0.1');
    const end = () => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        if (socket === client) target.destroy();
      });
    }
    client.pipe(target);
    void pass({ client, target, queue, onPassed: (sizeBytes) => (passedBytes += sizeBytes) }).catch(end);
  });
  const port = await listen(server);

  return {
    endpoint: `http://127.0.0.1:${port}`,
    limit: (bytesPerSecond) => {
      limit = bytesPerSecond;
      left = Number.POSITIVE_INFINITY;
      freeAtMs = 0;
    },
    stopAfter: (bytes) => {
      left = bytes;
    },
    passedBytes: () => passedBytes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function pass(line: {
  readonly client: Socket;
  readonly target: Socket;
  readonly queue: (sizeBytes: number) => Promise<void>;
  readonly onPassed: (sizeBytes: number) => void;
}): Promise<void> {
  for await (const chunk of line.target) {
    const bytes: Buffer = chunk;
    // In small pieces, or one big chunk would hold the line for seconds and then come at once.
    for (let from = 0; from < bytes.length; from += 4096) {
      const piece = bytes.subarray(from, from + 4096);
      await line.queue(piece.length);
      if (line.client.destroyed) return;
      line.client.write(piece);
      line.onPassed(piece.length);
    }
  }
  line.client.end();
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
