import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { CheckContext } from '../kinds/kind.ts';
import { targetServer } from './open-targets.ts';

/**
 * Refuses a dump of a newer PostgreSQL than the server that it is to go into: an older one knows neither all types nor all words of it, and
 * says so only in the middle of a restore. Where a drill makes a server of its own, that is judged with it (throwaway-cluster.ts); a server
 * that does not answer is told by the step that restores.
 *
 * @param dumpedFrom version of the server that was dumped, as pg_dump writes it: 18.1 (Debian 18.1-1); undefined or empty where it is not known.
 */
export async function refuseNewerDump(
  dumpedFrom: string | undefined,
  context: Pick<CheckContext<'databases'>, 'world' | 'targets'>,
): Promise<Outcome<void>> {
  const major = Number.parseInt(dumpedFrom ?? '', 10);
  if (Number.isNaN(major) || context.targets.target.throwaway !== undefined) return succeed(undefined);
  const server = targetServer(context);
  const identity = await server.identity();
  if (!identity.ok || identity.value.versionNumber >= major * 10_000) return succeed(undefined);
  return fail(tooOld(major, { address: server.address, version: identity.value.version }));
}

function tooOld(major: number, server: { readonly address: string; readonly version: string }): Failure {
  const serverMajor = Number.parseInt(server.version, 10);
  return {
    code: 'tool-too-old',
    message: `The dump is of PostgreSQL ${major}, and the server at ${server.address} is PostgreSQL ${server.version}: an older server does not know all that may be in it.`,
    remedy: `Let the runbook name a server of PostgreSQL ${major} or newer (install postgresql-${major} there), or choose a dump of PostgreSQL ${serverMajor} or older.`,
    retry: 'after-fix',
  };
}
