import { type Outcome, succeed } from '../base/failure.ts';
import { archiveFileFact } from '../kinds/dump-facts.ts';
import { needFact, readFact } from '../kinds/fact.ts';
import { incomingDatabaseFact } from '../kinds/facts.ts';
import type { StepContext } from '../kinds/kind.ts';
import { databaseSettingsFact, rightsFact } from '../kinds/rights-facts.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { DumpedDatabase } from '../ports/database-rights.ts';
import { targetServer, targetTools } from './open-targets.ts';

/**
 * What belongs to a database and not to its content: settings, limit, comment, who may connect. Where there is an old database, that one
 * tells, and the swap carries it over. On a server without one only the dump does. What it says is read from the dump again when it is put
 * in place, and kept nowhere: a setting may hold a secret.
 *
 * @returns the settings as they would be, where there is no old database.
 */
export async function tryDatabaseSettings(
  context: StepContext<'databases'>,
  dumped: DumpedDatabase | undefined,
): Promise<Outcome<Catalogue | undefined>> {
  const server = targetServer(context);
  const old = await server.describeDatabase(server.databaseName);
  if (!old.ok) return old;
  await context.record(databaseSettingsFact, null);
  if (old.value !== undefined || dumped === undefined) return succeed(undefined);
  return put(context, { dumped, trial: true });
}

/** @returns the comment of the database that was dumped, which goes in place with its name; nothing where the dump is gone. */
export async function putDatabaseSettings(
  context: StepContext<'host' | 'databases' | 'dumpTools' | 'clusters'>,
): Promise<Outcome<string | undefined>> {
  if (readFact(databaseSettingsFact, context) === undefined) return succeed(undefined);
  const contents = await targetTools(context).contents(needFact(archiveFileFact, context).path);
  if (!contents.ok || contents.value.database === undefined) {
    const why = contents.ok ? 'the dump is another one now' : contents.failure.message;
    const left = [{ what: 'everything that belongs to the database itself', why }];
    await context.record(databaseSettingsFact, { trial: false, done: 0, of: 1, left });
    return succeed(undefined);
  }
  const { database: dumped } = contents.value;
  const done = await put(context, { dumped, trial: false });
  return done.ok ? succeed(dumped.comment) : done;
}

async function put(
  context: StepContext<'databases'>,
  { dumped, trial }: { readonly dumped: DumpedDatabase; readonly trial: boolean },
): Promise<Outcome<Catalogue | undefined>> {
  const server = targetServer(context);
  const identity = await server.identity();
  if (!identity.ok) return identity;
  const database = needFact(incomingDatabaseFact, context).name;
  const owner = readFact(rightsFact, context)?.owner.name ?? identity.value.user;
  if (!trial) await context.recordCommand(`ALTER DATABASE ${database} OWNER TO ${owner}`);
  const makeRoles = trial && context.mode === 'drill';
  const report = await server.putDatabaseSettings({ database, owner, dumped, trial, makeRoles });
  if (!report.ok) return report;
  const { catalogue, ...said } = report.value;
  await context.record(databaseSettingsFact, { ...said, trial });
  for (const { what, why } of said.left)
    context.output(`not as in the dump: ${what} of the database: ${why}`);
  return succeed(catalogue);
}
