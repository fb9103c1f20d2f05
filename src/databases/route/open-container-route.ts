import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
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
    freeBytes: (folder) => readFreeBytes(container, folder),
    describe: (program, args) => container.describe([program, ...args]),
    dial: (to) => dialThere(container, to),
  };
}

/** By `df` as POSIX has it, which every image with a shell brings. The last line, since a long name of a device has one of its own. */
async function readFreeBytes(container: Container, folder: string): Promise<Outcome<number>> {
  const ran = await runThere(container, { program: 'df', args: ['-P', '-k', folder], stallMs: 60_000 });
  if (!ran.ok && ran.failure.code !== 'tool-missing') return ran;
  if (!ran.ok) return fail(unseen(container, { folder, detail: ran.failure.message }));
  const [, free] = /\s(\d+)\s+\d+%\s+\S+\s*$/.exec(ran.value.stdout) ?? [];
  if (ran.value.exitCode === 0 && free !== undefined) return succeed(Number(free) * 1024);
  return fail(unseen(container, { folder, detail: ran.value.stderr }));
}

function unseen(
  container: Container,
  { folder, detail }: { readonly folder: string; readonly detail: string },
): Failure {
  return {
    code: 'command-failed',
    message: `How much is free below ${folder} in the ${container.address} cannot be seen.`,
    remedy: 'Look at the disk of the database server.',
    retry: 'after-fix',
    detail,
  };
}
