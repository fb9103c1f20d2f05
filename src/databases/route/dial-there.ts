import { Duplex, PassThrough } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import type { Failure } from '../../base/failure.ts';
import type { Container } from '../../ports/container.ts';
import { begunMark, relayExits, relayScript } from './container-scripts.ts';

type Address = { readonly host: string; readonly port: number };

/** A connection to host and port as they are called in the container. */
export function dialThere(container: Container, to: Address): Duplex {
  const sent = new PassThrough();
  const received = new PassThrough();
  const stop = new AbortController();
  const connection = Duplex.from({ readable: received, writable: sent });
  connection.once('close', () => stop.abort());
  let begun = false;
  const run = async () => {
    const ran = await container.exec({
      args: ['sh', '-c', relayScript, 'thaw', to.host, String(to.port)],
      // A connection: whoever speaks over it has limits of his own.
      stallMs: 'endless',
      inputFrom: sent,
      outputTo: received,
      onLine: (line) => {
        if (line === begunMark) begun = true;
      },
      signal: stop.signal,
    });
    if (connection.destroyed) return;
    if (!ran.ok) connection.destroy(createBodyError(ran.failure));
    else if (!begun) connection.destroy(createBodyError(await container.explain(ran.value)));
    else if (relayExits[ran.value.exitCode] !== undefined)
      connection.destroy(createBodyError(relayFailure(ran.value.exitCode, { container, ...to })));
    // Whoever speaks to a server notices an end in the middle of its sentence.
    else received.end();
  };
  void run();
  return asSocket(connection);
}

function relayFailure(exitCode: number, to: Address & { readonly container: Container }): Failure {
  const isMissing = relayExits[exitCode] === 'no relay';
  const { address, otherWay } = to.container;
  return {
    code: isMissing ? 'tool-missing' : 'unreachable',
    message: isMissing
      ? `The ${address} has neither bash nor perl nor socat nor nc to lead to ${to.host}:${to.port}.`
      : `No server answers at ${to.host}:${to.port} in the ${address}.`,
    remedy: isMissing
      ? otherWay
      : 'Check that the server runs in that container, and the host and port in the database URL.',
    retry: 'after-fix',
  };
}

/** What a database driver asks of a socket. */
function asSocket(connection: Duplex): Duplex {
  const socket = Object.assign(connection, {
    setNoDelay: () => socket,
    setKeepAlive: () => socket,
    ref: () => socket,
    unref: () => socket,
    connect: () => {
      process.nextTick(() => socket.emit('connect'));
      return socket;
    },
  });
  return socket;
}
