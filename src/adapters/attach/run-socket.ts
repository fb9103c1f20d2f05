import { chmod, type FileHandle, open, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { createLink, type Link } from './link.ts';

/** In the run's own folder, which belongs to one user alone. */
const socketName = 'attach.sock';

/**
 * Where a terminal comes to a run that another process drives. The folder's path may be longer than the 107 bytes that the address of a
 * socket can hold (unix(7)); so it is named through a descriptor of the folder.
 *
 * Call it under the lock of the run: what stands there is then left over from a process that is gone.
 */
export async function openRunSocket(
  folder: string,
  onLink: (link: Link) => void,
): Promise<Outcome<{ close(): Promise<void> }>> {
  let handle: FileHandle | undefined;
  try {
    const opened = await open(folder, 'r');
    handle = opened;
    await rm(join(folder, socketName), { force: true });
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      onLink(createLink(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(addressIn(opened), resolve);
    });
    await chmod(join(folder, socketName), 0o600);
    // It waits for visitors; the run is what keeps the process.
    server.unref();
    return succeed({
      async close() {
        server.close();
        await rm(join(folder, socketName), { force: true }).catch(() => {});
        await opened.close();
      },
    });
  } catch (error) {
    await handle?.close();
    return fail(describeFileFailure({ doing: `make a socket in ${folder}`, error }));
  }
}

/** nobody: nobody listens there, now or any more. */
export async function dialRun(folder: string): Promise<Outcome<Link | 'nobody'>> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    const address = addressIn(handle);
    const socket = await new Promise<Socket>((resolve, reject) => {
      const dialled = createConnection(address, () => resolve(dialled));
      dialled.once('error', reject);
    });
    return succeed(createLink(socket));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return succeed('nobody');
    return fail(describeFileFailure({ doing: `attach to the run in ${folder}`, error }));
  } finally {
    await handle?.close();
  }
}

function addressIn(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}/${socketName}`;
}
