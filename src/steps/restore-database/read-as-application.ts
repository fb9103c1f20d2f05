import { shorten } from '../../backups/compare-inventories.ts';
import { createSecret } from '../../base/secret.ts';
import { formatCount } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import { restoredFact } from '../../kinds/facts.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { applicationFact, applicationReadFact } from '../../kinds/rights-facts.ts';
import { type Application, applicationUser } from '../../operations/application-rights.ts';
import { targetServer, unanswered } from '../../operations/open-targets.ts';
import type { DatabaseServer } from '../../ports/database-server.ts';
import type { TablesRead } from '../../ports/login-rights.ts';
import { notChecked } from './judge-application.ts';

const mostNames = 4;

const giveUrl = 'Give the URL that the application uses in `application.url` of this step.';

/**
 * Once the restored database is in place, and not before: the application logs in and reads, as it is about to anyway. Functions, views and
 * policies of the dump run with its rights then, so never with those of a superuser.
 */
export async function readAsApplication(
  application: Application | undefined,
  context: StepContext<'databases'>,
): Promise<readonly Check[]> {
  const server = openLogin(application, context);
  const roles = readFact(applicationFact, context)?.logins.map(({ role }) => role) ?? [];
  if (context.mode === 'drill' || server === undefined)
    return roles.map((role) => notLoggedIn(role, context));
  const database = targetServer(context).databaseName;
  const { userName: user } = server;
  const read = await server.readTables(database);
  if (!read.ok) {
    const { code, message } = read.failure;
    return code === 'denied'
      ? [
          failed(
            message,
            `Let an administrator correct its password or GRANT CONNECT ON DATABASE ${database} TO ${user}; or correct the URL of the application. Then retry; \`thaw rollback\` puts the old database back.`,
          ),
        ]
      : [unanswered(read.failure)];
  }
  const checks = judgeRead({ ...read.value, user }, context);
  const proven = checks.every(({ verdict }) => verdict === 'passed');
  await context.record(applicationReadFact, proven ? { role: user, tables: read.value.tables.length } : null);
  return [...checks, ...roles.filter((role) => role !== user).map((role) => notLoggedIn(role, context))];
}

/** By the URL of the application; without one, where the URL of the restore is of the same user. */
function openLogin(
  application: Application | undefined,
  context: StepContext<'databases'>,
): DatabaseServer | undefined {
  const { databaseUrl, databaseRoute } = context.targets.target;
  if (application?.url)
    return context.world.openDatabaseServer(databaseUrl, databaseRoute, {
      ofUrl: createSecret(application.url),
    });
  const server = targetServer(context);
  const user = applicationUser(context, application);
  const logins = readFact(applicationFact, context)?.logins ?? [];
  const isOne = user === undefined && logins.some(({ role }) => role === server.userName);
  return user === server.userName || isOne ? server : undefined;
}

function notLoggedIn(role: string, { mode }: StepContext): Check {
  const what = `whether the login ${role} itself can log in and read`;
  return mode === 'drill'
    ? notChecked(
        `${what}: a drill logs in as nobody of production`,
        'A live restore does it, after the swap.',
      )
    : notChecked(`${what}: thaw has no password of it`, giveUrl);
}

function judgeRead(read: TablesRead, context: StepContext): readonly Check[] {
  const { user, isTooMighty, of, mayRead, tables } = read;
  if (isTooMighty)
    return [
      notChecked(
        `whether the login ${user} itself can read: code of a dump would run with its rights over the server`,
        'Give the application a role that is no superuser and may make no roles (CREATEROLE); it needs no more than its tables.',
      ),
    ];
  if (mayRead === 0 && of > 0)
    return [
      failed(
        `the login ${user} logged in, and may read none of the ${of} tables and views`,
        'Let an administrator GRANT what the application needs (USAGE on schemas, SELECT on tables), and retry; `thaw rollback` puts the old database back.',
      ),
    ];
  const checks = judgeTables(read, context);
  if (checks.length > 0) return checks;
  const all = tables.length === mayRead ? 'all' : 'the first';
  const rest =
    tables.length === mayRead ? ' that it may read' : ` of ${formatCount(mayRead)} that it may read`;
  return [
    passed(
      `the login ${user} logged in, and read ${all} ${formatCount(tables.length)} tables and views${rest}`,
    ),
  ];
}

/** Whatever does not give a row where there is one. */
function judgeTables({ user, tables }: TablesRead, context: StepContext): readonly Check[] {
  const filled = new Set(
    (readFact(restoredFact, context)?.inventory.tables ?? [])
      .filter(({ rows }) => rows > 0)
      .map(({ schema, name }) => JSON.stringify([schema, name])),
  );
  const refused = tables.filter(({ saw }) => saw === 'refused');
  const slow = tables.filter(({ saw }) => saw === 'not in time').map(({ what }) => what);
  const unseen = tables
    .filter(({ saw, schema, name }) => saw === 'nothing' && filled.has(JSON.stringify([schema, name])))
    .map(({ what, underPolicies }) => ({ what, underPolicies }));
  const hidden = unseen.filter(({ underPolicies }) => underPolicies).map(({ what }) => what);
  const empty = unseen.filter(({ underPolicies }) => !underPolicies).map(({ what }) => what);
  return [
    ...(refused.length === 0
      ? []
      : [
          failed(
            `the login ${user} cannot read ${shorten(
              refused.map(({ what, why = 'refused' }) => `${what}: ${why}`),
              mostNames,
            )}`,
            'Let an administrator GRANT what is missing to whom the message is about (for a view that is its owner), and retry; `thaw rollback` puts the old database back.',
          ),
        ]),
    ...(hidden.length === 0
      ? []
      : [
          couldNotVerify(
            `the login ${user} sees no row of ${shorten(hidden, mostNames)}, where rows are: a policy (row-level security) hides them`,
            'Look whether the application sets something first (SET …) that its policies read, and sees its rows then; compare the policies with the old database.',
          ),
        ]),
    ...(empty.length === 0
      ? []
      : [
          couldNotVerify(
            `the login ${user} sees no row of ${shorten(empty, mostNames)}, where rows were counted`,
            'Find out who removed them since; the old database is kept.',
          ),
        ]),
    ...(slow.length === 0
      ? []
      : [
          couldNotVerify(
            `the login ${user} got no row of ${shorten(slow, mostNames)} within 5 s`,
            'Read them once by hand as that login.',
          ),
        ]),
  ];
}
