import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import type { Failure } from '../../base/failure.ts';
import type { DatabaseRoute } from '../../ports/database-route.ts';

/**
 * `\restrict WORD` ends every command of psql's own, those that run programs on this host among them, until the same word is said
 * again. psql itself decides then what such a command is, so nobody has to read SQL as it does.
 */

/** The first releases that know it; every later major version does. */
const since = ['13.22', '14.19', '15.14', '16.10', '17.6', '18.0'] as const;

/** A fresh word for each restore: whoever wrote the dump cannot know it. */
export function restriction(): Buffer {
  return Buffer.from(`\\restrict ${randomBytes(32).toString('hex')}\n`);
}

/** Asked of the program itself, which needs no server for it: packages carry fixes under older numbers. */
export async function knowsRestrict(path: string, run: DatabaseRoute['run']): Promise<boolean> {
  const printed = await run({
    program: path,
    args: ['--help=commands'],
    env: { LC_ALL: 'C', PAGER: '', PSQL_PAGER: '' },
    stallMs: 60_000,
  });
  return printed.ok && /^\s*\\restrict\b/m.test(printed.value.stdout);
}

export function psqlTooOld(found: { readonly version: string; readonly where: string }): Failure {
  const { version, where } = found;
  const major = Number.parseInt(version, 10);
  const wanted = since.find((known) => Number.parseInt(known, 10) === major) ?? since.at(-1);
  return {
    code: 'tool-too-old',
    message: `psql ${version} ${where} does not know \\restrict, without which a plain dump could run commands where psql runs.`,
    remedy: `Install psql ${wanted} or newer there (Debian package postgresql-client-${Number.parseInt(wanted ?? '', 10)}); of the other major versions ${since.join(', ')} know it. Or choose a dump in custom format.`,
    retry: 'after-fix',
  };
}

/** What psql says when the dump holds a command for it. */
export function isHostile(text: string): boolean {
  return /^(?:backslash commands are restricted|\\unrestrict: )/.test(text);
}

export function hostileDump(file: string, found: string): Failure {
  return {
    code: 'hostile',
    message: `${file} tries to run commands where it is restored: ${found}. pg_dump never writes that.`,
    remedy:
      'Choose another snapshot, and find out who could write to the backup store: this dump was changed or made to do harm. No such command ran, and the database in production is untouched.',
    retry: 'never',
  };
}

/** psql starts no program when it is restricted; what it could start, read or leave behind by its environment is nothing either. */
export function bareEnvironment({ isHere }: { readonly isHere: boolean }): Readonly<Record<string, string>> {
  const nowhere = '/nonexistent';
  const bare = {
    PSQLRC: '/dev/null',
    PSQL_HISTORY: '/dev/null',
    PAGER: '',
    PSQL_PAGER: '',
    SHELL: '/bin/false',
  };
  if (!isHere) return bare;
  const home = homedir();
  return {
    ...bare,
    HOME: nowhere,
    XDG_CONFIG_HOME: nowhere,
    // What libpq finds in the home otherwise, and nothing but that.
    PGPASSFILE: process.env.PGPASSFILE || `${home}/.pgpass`,
    PGSSLROOTCERT: `${home}/.postgresql/root.crt`,
    PGSSLCERT: `${home}/.postgresql/postgresql.crt`,
    PGSSLKEY: `${home}/.postgresql/postgresql.key`,
  };
}
