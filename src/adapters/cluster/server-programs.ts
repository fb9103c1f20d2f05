import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';

export type ServerPrograms = { readonly folder: string; readonly version: string };

/** Where the packages of Debian and of the PostgreSQL project put the programs of one major version. */
const homesOf = (major: number) => [`/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`];

/** The programs of exactly that version: a data folder can be read by no other. */
export async function findServerPrograms(
  processes: ProcessRunner,
  major: number,
): Promise<Outcome<ServerPrograms>> {
  const others = (process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  for (const folder of [...homesOf(major), ...others]) {
    const program = join(folder, 'postgres');
    const there = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!there) continue;
    const asked = await processes.run({ program, args: ['--version'], stallMs: 10_000 });
    const version = asked.ok ? /\(PostgreSQL\) (\S+)/.exec(asked.value.stdout)?.[1] : undefined;
    if (version !== undefined && Number.parseInt(version, 10) === major) return succeed({ folder, version });
  }
  return fail({
    code: 'tool-missing',
    message: `There is no PostgreSQL ${major} server on this host, and no other version reads this backup.`,
    remedy: `Install postgresql-${major}, then check again.`,
    retry: 'after-fix',
  });
}
