import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { findTools, type PostgresTool } from './find-tool.ts';

export type DumpProgram = 'pg_dump' | 'pg_dumpall';

type Search = { readonly processes: ProcessRunner; readonly searchPath: string };

/**
 * An older pg_dump refuses a newer server. A newer pg_dump works, but an archive of 17 can only be read by pg_restore 17: so
 * the lowest that suffices is taken.
 */
export async function findDumpTool(
  request: Search & { readonly name: DumpProgram; readonly serverMajor: number },
): Promise<Outcome<PostgresTool>> {
  const tools = await findTools(request);
  const fit = tools.filter((tool) => tool.version.major >= request.serverMajor);
  const best = fit.sort((a, b) => a.version.major - b.version.major)[0];
  if (best !== undefined) return succeed(best);
  const have = tools.map((tool) => tool.version.text).join(', ');
  return fail({
    code: tools.length === 0 ? 'tool-missing' : 'tool-too-old',
    message: `The server is PostgreSQL ${request.serverMajor}; this host has ${have === '' ? `no ${request.name}` : `${request.name} ${have}`}.`,
    remedy: `Install postgresql-client-${request.serverMajor} on this host.`,
    retry: 'after-fix',
  });
}
