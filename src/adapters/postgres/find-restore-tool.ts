import { constants } from 'node:fs';
import { access, readdir, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ToolVersion } from '../../ports/dump-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';

export type RestoreTool = { readonly path: string; readonly version: ToolVersion };

/** Packages keep one folder per major version outside PATH: Debian's, and those of the PostgreSQL project. */
const versionedHomes = [
  { parent: '/usr/lib/postgresql', name: /^\d+$/ },
  { parent: '/usr', name: /^pgsql-\d+$/ },
] as const;

/**
 * The pg_restore of the highest version on this host: it reads the archives of every older pg_dump, never those of a
 * newer one. On a tie the versioned folder wins over PATH, where Debian keeps a wrapper that chooses for itself.
 */
export async function findRestoreTool(request: {
  readonly processes: ProcessRunner;
  readonly searchPath: string;
}): Promise<Outcome<RestoreTool>> {
  let best: RestoreTool | undefined;
  for (const path of await candidates(request.searchPath)) {
    const printed = await request.processes.run({
      program: path,
      args: ['--version'],
      env: { LC_ALL: 'C' },
      stallMs: 10_000,
    });
    const version = printed.ok ? readVersion(printed.value.stdout) : undefined;
    if (version !== undefined && version.major > (best?.version.major ?? 0)) best = { path, version };
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

/** `pg_restore (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` */
export function readVersion(printed: string): ToolVersion | undefined {
  const match = /\(PostgreSQL\) ((\d+)\S*)/.exec(printed);
  return match?.[1] === undefined ? undefined : { major: Number(match[2]), text: match[1] };
}

async function candidates(searchPath: string): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const home of versionedHomes) {
    const names = await readdir(home.parent).catch(() => []);
    for (const name of names) if (home.name.test(name)) folders.push(join(home.parent, name, 'bin'));
  }
  folders.push(...searchPath.split(delimiter).filter((folder) => folder.startsWith('/')));
  const seen = new Map<string, string>();
  for (const folder of folders) {
    const path = join(folder, 'pg_restore');
    const real = await access(path, constants.X_OK).then(
      () => realpath(path),
      () => undefined,
    );
    // The wrapper's real path is not called pg_restore, and it needs its own name to know what to start.
    if (real !== undefined && !seen.has(real)) seen.set(real, path);
  }
  return [...seen.values()];
}
