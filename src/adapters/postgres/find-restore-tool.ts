import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { findTools, type PostgresTool } from './find-tool.ts';

export type RestoreTool = PostgresTool;

/**
 * The pg_restore of the highest version on this host: it reads the archives of every older pg_dump, never those of a
 * newer one.
 */
export async function findRestoreTool(request: {
  readonly processes: ProcessRunner;
  readonly searchPath: string;
}): Promise<Outcome<RestoreTool>> {
  let best: RestoreTool | undefined;
  for (const tool of await findTools({ ...request, name: 'pg_restore' })) {
    if (tool.version.major > (best?.version.major ?? 0)) best = tool;
  }
  if (best !== undefined) return succeed(best);
  return fail({
    code: 'tool-missing',
    message: 'There is no pg_restore on this host, neither on PATH nor under /usr/lib/postgresql.',
    remedy:
      'Install pg_restore (Debian package postgresql-client) of the major version of the dump or newer.',
    retry: 'after-fix',
  });
}
