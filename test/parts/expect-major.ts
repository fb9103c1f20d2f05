import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findPostgresFolder } from '../../src/sandbox/postgres-install.ts';

/** Before a run of the matrix: that the servers of the tests are of the version it is about. */
export async function setup(): Promise<void> {
  const wanted = process.env.THAW_TEST_MAJOR;
  const program = join(await findPostgresFolder(), 'postgres');
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim();
  if (wanted === undefined || !version.includes(`(PostgreSQL) ${wanted}.`))
    throw new Error(
      `These tests are about PostgreSQL ${wanted}, and ${program} is ${version}. Put it first on PATH.`,
    );
}
