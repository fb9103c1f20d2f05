import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { sayInstall } from '../../platform/plan-install.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { findTools, type PostgresTool } from './find-tool.ts';
import { knowsRestrict, psqlTooOld } from './restrict-psql.ts';

export type RestoreTool = PostgresTool;

type Search = { readonly processes: ProcessRunner; readonly searchPath: string };

/**
 * The pg_restore of the highest version on this host: it reads the archives of every older pg_dump, never those of a
 * newer one.
 */
export async function findRestoreTool(request: Search): Promise<Outcome<RestoreTool>> {
  const best = newest(await findTools({ ...request, name: 'pg_restore' }));
  if (best !== undefined) return succeed(best);
  return fail({
    code: 'tool-missing',
    message:
      'There is no pg_restore on this host, neither on PATH nor in a folder of its version under /usr.',
    remedy: sayInstall({ program: 'pg_restore' }),
    retry: 'after-fix',
    lacks: { program: 'pg_restore' },
  });
}

/** psql runs plain dumps: the newest that can be kept from running anything else. */
export async function findPlainTool(request: Search): Promise<Outcome<RestoreTool>> {
  const tools = await findTools({ ...request, name: 'psql' });
  const fit: PostgresTool[] = [];
  for (const tool of tools) if (await knowsRestrict(tool.path, request.processes.run)) fit.push(tool);
  const best = newest(fit);
  if (best !== undefined) return succeed(best);
  const old = newest(tools);
  if (old !== undefined) {
    const tooOld = psqlTooOld({ version: old.version.text, where: 'of this host' });
    return fail({ ...tooOld, lacks: { program: 'psql', major: old.version.major } });
  }
  return fail({
    code: 'tool-missing',
    message: 'There is no psql on this host, neither on PATH nor in a folder of its version under /usr.',
    remedy: sayInstall({ program: 'psql' }),
    retry: 'after-fix',
    lacks: { program: 'psql' },
  });
}

function newest(tools: readonly PostgresTool[]): PostgresTool | undefined {
  return tools.reduce<PostgresTool | undefined>(
    (best, tool) => (tool.version.major > (best?.version.major ?? 0) ? tool : best),
    undefined,
  );
}
