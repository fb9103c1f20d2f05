import type { ConnectionTarget } from './connection-target.ts';

/** The password travels in the child's environment, which only this user and root can read, never in its arguments. */
export function connectionEnvironment(
  target: ConnectionTarget,
  { application, settings = [] }: { readonly application: string; readonly settings?: readonly string[] },
): Readonly<Record<string, string>> {
  return {
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: target.user,
    ...(target.password === undefined ? {} : { PGPASSWORD: target.password.reveal() }),
    PGSSLMODE: target.sslMode,
    ...(target.sslRootCertificateFile === undefined ? {} : { PGSSLROOTCERT: target.sslRootCertificateFile }),
    PGCONNECT_TIMEOUT: '10',
    // What ALTER ROLE … SET says is meant for applications: a role that only reads by default could not restore.
    PGOPTIONS: ['default_transaction_read_only=off', 'statement_timeout=0', 'lock_timeout=0', ...settings]
      .map((setting) => `-c ${setting}`)
      .join(' '),
    PGAPPNAME: application,
    // Its messages are read by a program.
    LC_ALL: 'C',
  };
}

/** A name with an equals sign or a scheme would be read as a whole connection string, host and all. */
export function databaseArgument(name: string): string {
  if (/^[\w.-]+$/.test(name)) return name;
  return `dbname='${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
