import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { sayInstall } from '../../platform/plan-install.ts';
import { postgresFolders } from '../../platform/postgres-folders.ts';
import type { ToolVersion } from '../../ports/dump-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';

type ServerPrograms = { readonly folder: string; readonly version: string };

/** The programs of exactly that version: a data folder can be read by no other. */
export async function findServerPrograms(
  processes: ProcessRunner,
  major: number,
): Promise<Outcome<ServerPrograms>> {
  const homes = postgresFolders().filter((home) => home.major === major);
  for (const folder of [...homes.map((home) => home.folder), ...searchPath()]) {
    const version = await versionIn(folder, { processes, needed: ['postgres'] });
    if (version !== undefined && Number.parseInt(version, 10) === major) return succeed({ folder, version });
  }
  return fail({
    code: 'tool-missing',
    message: `There is no PostgreSQL ${major} server on this host, and no other version reads this backup.`,
    remedy: sayInstall({ program: 'postgres', major, exact: true }),
    retry: 'after-fix',
    lacks: { program: 'postgres', major, exact: true },
  });
}

/** The programs of the highest version on this host that can make a cluster, too. */
export async function findNewestPrograms(
  processes: ProcessRunner,
): Promise<Outcome<ServerPrograms & ToolVersion>> {
  let best: (ServerPrograms & ToolVersion) | undefined;
  for (const folder of [...postgresFolders().map((home) => home.folder), ...searchPath()]) {
    const version = await versionIn(folder, { processes, needed: ['initdb', 'postgres'] });
    const major = Number.parseInt(version ?? '', 10);
    if (version !== undefined && major > (best?.major ?? 0)) best = { folder, version, major, text: version };
  }
  if (best !== undefined) return succeed(best);
  return fail({
    code: 'tool-missing',
    message:
      'There is no PostgreSQL server on this host (initdb and postgres), neither on PATH nor under /usr.',
    remedy: sayInstall({ program: 'postgres' }),
    retry: 'after-fix',
    lacks: { program: 'postgres' },
  });
}

function searchPath(): readonly string[] {
  return (process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
}

async function versionIn(
  folder: string,
  { processes, needed }: { readonly processes: ProcessRunner; readonly needed: readonly string[] },
): Promise<string | undefined> {
  for (const name of needed) {
    const there = await access(join(folder, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!there) return undefined;
  }
  const program = join(folder, 'postgres');
  const asked = await processes.run({ program, args: ['--version'], stallMs: 10_000 });
  return asked.ok ? /\(PostgreSQL\) (\S+)/.exec(asked.value.stdout)?.[1] : undefined;
}
