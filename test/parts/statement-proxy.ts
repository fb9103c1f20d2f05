import { connect, createServer, type Socket } from 'node:net';

export type StatementProxy = {
  readonly port: number;
  /**
   * Once: the first bytes towards the server that hold such a statement wait until `act` has ended. When the client was killed
   * meanwhile they never arrive. Resolves after `act`; rejects with what it throws.
   */
  before(statement: RegExp, act: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
};

/** Stands before a PostgreSQL server (without TLS) and reads along: a test can do something at exactly one statement. */
export async function startStatementProxy(request: { readonly targetPort: number }): Promise<StatementProxy> {
  type Wait = {
    readonly statement: RegExp;
    readonly act: () => Promise<void>;
    readonly done: (outcome: Promise<void>) => void;
  };
  const waits = new Set<Wait>();
  const sockets = new Set<Socket>();

  async function hold(text: string): Promise<void> {
    for (const wait of [...waits]) {
      if (!wait.statement.test(text)) continue;
      waits.delete(wait);
      const acted = wait.act();
      wait.done(acted);
      await acted.catch(() => undefined);
    }
  }

  const server = createServer((client) => {
    const target = connect(request.targetPort, '127.0.0.1');
    const pair = [client, target];
    for (const socket of pair) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        for (const one of pair) one.destroy();
      });
    }
    target.pipe(client);
    void forward(client, target);
  });

  async function forward(client: Socket, target: Socket): Promise<void> {
    try {
      for await (const chunk of client) {
        await hold(chunk.toString('latin1'));
        if (!target.destroyed && !client.destroyed) target.write(chunk);
      }
      target.end();
    } catch {
      // The client is gone: what it still had to say is not said.
      target.destroy();
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    before: (statement, act) =>
      new Promise<void>((resolve, reject) => {
        waits.add({ statement, act, done: (outcome) => void outcome.then(resolve, reject) });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
