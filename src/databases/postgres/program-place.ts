import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { shellLine } from '../../base/quoting.ts';
import type { DatabaseRoute } from '../../ports/database-route.ts';
import type { ToolVersion } from '../../ports/dump-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { findPlainTool, findRestoreTool } from './find-restore-tool.ts';
import { findTools, type PostgresTool, readVersion } from './find-tool.ts';
import { knowsRestrict, psqlTooOld } from './restrict-psql.ts';

/** Where the programs of PostgreSQL run: on this host, or beside the server where the route leads. */
export type ProgramPlace = Pick<DatabaseRoute, 'run' | 'describe'> & {
  find(name: 'pg_restore' | 'psql'): Promise<Outcome<PostgresTool>>;
  /** One that dumps a server of that major version. */
  findDumper(name: DumpProgram, serverMajor: number): Promise<Outcome<PostgresTool>>;
};

export function openProgramPlace(request: {
  readonly processes: ProcessRunner;
  readonly route: DatabaseRoute | undefined;
}): ProgramPlace {
  const { processes, route } = request;
  if (route !== undefined) {
    const find = (name: string) => findThere(route, name);
    return { ...route, find, findDumper: find };
  }
  const search = { processes, searchPath: process.env.PATH ?? '' };
  return {
    run: ({ file, only: _, args, ...rest }) =>
      processes.run({ ...rest, args: file === undefined ? args : [...args, asArgument(file)] }),
    describe: (program, args) => shellLine([program, ...args]),
    find: (name) => (name === 'psql' ? findPlainTool(search) : findRestoreTool(search)),
    findDumper: (name, serverMajor) => findDumpTool({ ...search, name, serverMajor }),
  };
}

/** A file called -x would be read as an option. */
function asArgument(file: string): string {
  return file.startsWith('-') ? `./${file}` : file;
}

/** In a container there is one version of each, on its PATH. */
async function findThere(route: DatabaseRoute, name: string): Promise<Outcome<PostgresTool>> {
  const printed = await route.run({
    program: name,
    args: ['--version'],
    env: { LC_ALL: 'C' },
    stallMs: 60_000,
  });
  if (!printed.ok) return printed;
  const version: ToolVersion | undefined = readVersion(printed.value.stdout);
  if (printed.value.exitCode === 0 && version !== undefined) {
    if (name !== 'psql' || (await knowsRestrict(name, route.run))) return succeed({ path: name, version });
    return fail(psqlTooOld({ version: version.text, where: `in the ${route.address}` }));
  }
  return fail({
    code: 'tool-missing',
    message: `There is no ${name} in the ${route.address}.`,
    remedy: 'Name the container that holds the PostgreSQL programs in the runbook, under `via`.',
    retry: 'after-fix',
    detail: printed.value.stderr.trim().split('\n').slice(-4).join('\n'),
  });
}

type DumpProgram = 'pg_dump' | 'pg_dumpall';

type Search = { readonly processes: ProcessRunner; readonly searchPath: string };

/**
 * An older pg_dump refuses a newer server. A newer pg_dump works, but an archive of 17 can only be read by pg_restore 17: so
 * the lowest that suffices is taken.
 */
async function findDumpTool(
  request: Search & { readonly name: DumpProgram; readonly serverMajor: number },
): Promise<Outcome<PostgresTool>> {
  const tools = await findTools(request);
  const fit = tools.filter((tool) => tool.version.major >= request.serverMajor);
  const best = fit.sort((a, b) => a.version.major - b.version.major)[0];
  if (best !== undefined) return succeed(best);
  const have = [...new Set(tools.map((tool) => tool.version.text))].join(', ');
  return fail({
    code: tools.length === 0 ? 'tool-missing' : 'tool-too-old',
    message: `The server is PostgreSQL ${request.serverMajor}; this host has ${have === '' ? `no ${request.name}` : `${request.name} ${have}`}.`,
    remedy: `Install postgresql-client-${request.serverMajor} on this host.`,
    retry: 'after-fix',
    lacks: { program: request.name, major: request.serverMajor },
  });
}
