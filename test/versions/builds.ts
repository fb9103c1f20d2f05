import { execFileSync } from 'node:child_process';
import { delimiter, join } from 'node:path';

/** The programs of one major version. */
export type Build = {
  readonly major: number;
  readonly folder: string;
  /** 16.14, as its programs say. */
  readonly version: string;
  readonly hasIcu: boolean;
};

/** The folders that scripts/run-tests.ts found, as `15=/usr/lib/postgresql/15/bin 16=…`. */
const folders = new Map(
  (process.env.THAW_TEST_BUILDS ?? '').split(' ').map((pair) => {
    const [major = '', folder = ''] = pair.split('=');
    return [Number(major), folder];
  }),
);

export function buildOf(major: number): Build {
  const folder = folders.get(major);
  if (folder === undefined)
    throw new Error(`There is no PostgreSQL ${major} for this test: start it with npm run test:versions.`);
  const say = (program: string, ...args: readonly string[]) =>
    execFileSync(join(folder, program), args, { encoding: 'utf8' }).trim();
  const versions = ['postgres', 'pg_dump', 'pg_restore', 'psql'].map(
    (program) => /\(PostgreSQL\) (\S+)/.exec(say(program, '--version'))?.[1],
  );
  const [version = ''] = versions;
  if (new Set(versions).size !== 1 || !version.startsWith(`${major}.`))
    throw new Error(`${folder} is no whole PostgreSQL ${major}: its programs say ${versions.join(', ')}.`);
  return { major, folder, version, hasIcu: say('pg_config', '--configure').includes("'--with-icu'") };
}

const hostPath = process.env.PATH ?? '/usr/bin:/bin';

/** For thaw, and for the servers of the tests, these programs stand first; only the host's own are there beside them. */
export async function onPath<T>(build: Build, work: () => Promise<T>): Promise<T> {
  process.env.PATH = `${build.folder}${delimiter}${hostPath}`;
  try {
    return await work();
  } finally {
    process.env.PATH = hostPath;
  }
}
