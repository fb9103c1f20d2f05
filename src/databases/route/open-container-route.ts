import type { Container } from '../../ports/container.ts';
import type { DatabaseRoute } from '../../ports/database-route.ts';
import { dialThere } from './dial-there.ts';
import { runThere } from './run-there.ts';

/**
 * A database that is reached only through a container. Programs run there, and a connection is a program there that carries
 * bytes between its own streams and the server's port, so that everything that speaks to a server works as it does without
 * a container.
 */
export function openContainerRoute(container: Container): DatabaseRoute {
  return {
    address: container.address,
    run: (request) => runThere(container, request),
    describe: (program, args) => container.describe([program, ...args]),
    dial: (to) => dialThere(container, to),
  };
}
