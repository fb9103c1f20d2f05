import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ToolVersion } from '../../ports/dump-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';

type ServerPrograms = { readonly folder: string; readonly version: string };

/** Where the packages of Debian and of the PostgreSQL project put the programs of one major version. */
const homesOf = (major: number) => [`/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`];

/** The programs of exactly that version: a data folder can be read by no other. */
export async function findServerPrograms(
  processes: ProcessRunner,
  major: number,
): Promise<Outcome<ServerPrograms>> {
  for (const folder of [...homesOf(major), ...searchPath()]) {
    const version = await versionIn(folder, { processes, needed: ['postgres'] });
    if (version !== undefined && Number.parseInt(version, 10) === major) return succeed({ folder, version });
  }
  return fail({
    code: 'tool-missing',
    message: `There is no PostgreSQL ${major} server on this host, and no other version reads this backup.`,
    remedy: `Install postgresql-${major}, then check again.`,
    retry: 'after-fix',
  });
}

/** The programs of the highest version on this host that can make a cluster, too. */
export async function findNewestPrograms(
  processes: ProcessRunner,
): Promise<Outcome<ServerPrograms & ToolVersion>> {
  const names = [...(await namesIn('/usr/lib/postgresql')), ...(await namesIn('/usr'))];
  const majors = new Set(names.map((name) => Number(/^(?:pgsql-)?(\d+)$/.exec(name)?.[1] ?? 0)));
  let best: (ServerPrograms & ToolVersion) | undefined;
  for (const folder of [...[...majors].flatMap(homesOf), ...searchPath()]) {
    const version = await versionIn(folder, { processes, needed: ['initdb', 'postgres'] });
    const major = Number.parseInt(version ?? '', 10);
    if (version !== undefined && major > (best?.major ?? 0)) best = { folder, version, major, text: version };
  }
  if (best !== undefined) return succeed(best);
  return fail({
    code: 'tool-missing',
    message:
      'There is no PostgreSQL server on this host (initdb and postgres), neither on PATH nor under /usr.',
    remedy: 'Install the package postgresql.',
    retry: 'after-fix',
  });
}

function searchPath(): readonly string[] {
  return (process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
}

function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
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
