import { chmod, type FileHandle, open, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { createLink, type Link } from './link.ts';

/**
 * Where a terminal comes to a run that another process drives: beside the lock of the run, in a folder that is closed to everybody but its
 * user. The path may be longer than the 107 bytes that the address of a socket can hold (unix(7)); so it is named through a
 * descriptor of its folder.
 *
 * Call it under the lock of the run: what stands there is then left over from a process that is gone.
 */
export async function openRunSocket(
  path: string,
  onLink: (link: Link) => void,
): Promise<Outcome<{ close(): Promise<void> }>> {
  let folder: FileHandle | undefined;
  try {
    const opened = await open(dirname(path), 'r');
    folder = opened;
    await rm(path, { force: true });
    const server = createServer((socket) => onLink(createLink(socket)));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(addressOf(opened, path), resolve);
    });
    await chmod(path, 0o600);
    // It waits for visitors; the run is what keeps the process.
    server.unref();
    return succeed({
      async close() {
        server.close();
        await rm(path, { force: true }).catch(() => {});
        await opened.close();
      },
    });
  } catch (error) {
    await folder?.close();
    return fail(describeFileFailure({ doing: `make the socket ${path}`, error }));
  }
}

/** nobody: nobody listens there, now or any more. */
export async function dialRun(path: string): Promise<Outcome<Link | 'nobody'>> {
  let folder: FileHandle | undefined;
  try {
    const opened = await open(dirname(path), 'r');
    folder = opened;
    const socket = await new Promise<Socket>((resolve, reject) => {
      const dialled = createConnection(addressOf(opened, path), () => resolve(dialled));
      dialled.once('error', reject);
    });
    return succeed(createLink(socket));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return succeed('nobody');
    return fail(describeFileFailure({ doing: `attach to the run at ${path}`, error }));
  } finally {
    await folder?.close();
  }
}

function addressOf(folder: FileHandle, path: string): string {
  return `/proc/self/fd/${folder.fd}/${basename(path)}`;
}
