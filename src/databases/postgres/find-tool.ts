import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { ProgramName } from '../../base/programs.ts';
import { postgresFolders } from '../../platform/postgres-folders.ts';
import type { ToolVersion } from '../../ports/dump-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';

export type PostgresTool = { readonly path: string; readonly version: ToolVersion };

/** Where Debian keeps them, beside a wrapper on PATH. */
const debianHome = '/usr/lib/postgresql';

/**
 * Every program of that name on this host with its version. The versioned folders come before PATH, where Debian keeps a
 * wrapper that chooses for itself.
 */
export async function findTools(request: {
  readonly name: Extract<ProgramName, 'pg_dump' | 'pg_dumpall' | 'pg_restore' | 'psql'>;
  readonly processes: ProcessRunner;
  readonly searchPath: string;
}): Promise<readonly PostgresTool[]> {
  const found: PostgresTool[] = [];
  for (const path of await candidates(request)) {
    const printed = await request.processes.run({
      program: path,
      args: ['--version'],
      env: { LC_ALL: 'C' },
      stallMs: 10_000,
    });
    const version = printed.ok ? readVersion(printed.value.stdout) : undefined;
    if (version !== undefined) found.push({ path, version });
  }
  return found;
}

/** `pg_restore (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` */
export function readVersion(printed: string): ToolVersion | undefined {
  const match = /\(PostgreSQL\) ((\d+)\S*)/.exec(printed);
  return match?.[1] === undefined ? undefined : { major: Number(match[2]), text: match[1] };
}

async function candidates(request: {
  readonly name: string;
  readonly searchPath: string;
}): Promise<readonly string[]> {
  const folders = [
    ...postgresFolders().map(({ folder }) => folder),
    ...request.searchPath.split(delimiter).filter((folder) => folder.startsWith('/')),
  ];
  const seen = new Map<string, string>();
  for (const folder of folders) {
    const path = join(folder, request.name);
    const real = await access(path, constants.X_OK).then(
      () => realpath(path),
      () => undefined,
    );
    // The wrapper's real path has another name, and it needs its own to know what to start.
    if (real !== undefined && !seen.has(real)) seen.set(real, path);
  }
  // It starts one of those that were found before it, and takes ten times as long to say which version that is.
  const own = [...seen].filter(([real]) => !real.endsWith('/pg_wrapper')).map(([, path]) => path);
  return own.some((path) => path.startsWith(debianHome)) ? own : [...seen.values()];
}
