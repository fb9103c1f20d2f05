import { type Outcome, succeed } from '../base/failure.ts';
import { createSecret } from '../base/secret.ts';
import { needFact, readFact } from '../kinds/fact.ts';
import { restoredFact } from '../kinds/facts.ts';
import type { StepContext } from '../kinds/kind.ts';
import { applicationFact } from '../kinds/rights-facts.ts';
import type { LoginRights, ObjectRights } from '../ports/login-rights.ts';
import type { ServerLooks } from '../ports/world.ts';
import { tryRights } from './cell.ts';
import { productionServer, targetServer } from './open-targets.ts';

/**
 * Whether the application's login can use what was restored. Before the swap the catalogue says, since nothing that came out of a dump is
 * run with more rights than its owner's (docs/decisions/0077-the-applications-rights.md).
 */

/** As the runbook writes it; empty texts are as good as left out. */
export type Application = { readonly role?: string | undefined; readonly url?: string | undefined };

/** So many logins are looked at where the live database has to say which they are. */
const mostLogins = 8;
/** So many are kept of what each would lose. */
const mostKept = 60;

type Logins = {
  readonly source: 'runbook' | 'live database' | 'nobody';
  readonly roles: readonly string[];
  readonly more: number;
  /** What each may do in the live database, as far as there is one that answers. */
  readonly expected: readonly LoginRights[];
};

/** The URL says whom the application logs in as, and so does the runbook; the URL counts where both do. */
export function applicationUser(
  context: Pick<StepContext<'databases'>, 'world'>,
  application: Application | undefined,
): string | undefined {
  const url = applicationUrl(context, application);
  return url?.userName || application?.role || undefined;
}

/** For its names alone: no connection is made where the URL leads. */
export function applicationUrl(
  { world }: { readonly world: { openDatabaseServer(url: ReturnType<typeof createSecret>): ServerLooks } },
  application: Application | undefined,
): Pick<ServerLooks, 'userName' | 'databaseName'> | undefined {
  return application?.url ? world.openDatabaseServer(createSecret(application.url)) : undefined;
}

/** Whose rights are judged: whom the runbook names, else everybody who has rights of his own in the live database. */
export async function findLogins(
  context: StepContext<'databases'>,
  application: Application | undefined,
): Promise<Logins> {
  const named = applicationUser(context, application);
  // A server of a drill's own has no roles but its own, so the live one is not asked in vain.
  if (context.targets.target.throwaway !== undefined)
    return { source: named === undefined ? 'nobody' : 'runbook', roles: [], more: 0, expected: [] };
  const live = productionServer(context);
  const { databaseName: database } = live;
  const found = await live.loginRights({ database, ...(named === undefined ? {} : { roles: [named] }) });
  // On a blank host there is none; a drill may be out of its reach.
  const expected = found.ok ? found.value : [];
  if (named !== undefined) return { source: 'runbook', roles: [named], more: 0, expected };
  const roles = expected.slice(0, mostLogins).map(({ role }) => role);
  const more = expected.length - roles.length;
  return { source: roles.length === 0 ? 'nobody' : 'live database', roles, more, expected };
}

/** @param request.tried what they could do once owners and grants are back; undefined: as the database stands now. */
export async function judgeLogins(
  context: StepContext<'databases'>,
  request: {
    readonly database: string;
    readonly logins: Logins;
    readonly tried: readonly LoginRights[] | undefined;
  },
): Promise<Outcome<void>> {
  const { database, logins, tried } = request;
  const { source, roles, more, expected } = logins;
  const found =
    tried === undefined && roles.length > 0
      ? await targetServer(context).loginRights({ database, roles })
      : succeed(tried ?? []);
  if (!found.ok) return found;
  await context.record(applicationFact, {
    ...{ source, more },
    logins: roles.map((role) =>
      judgeLogin(role, {
        live: expected.find((one) => one.role === role),
        restored: found.value.find((one) => one.role === role),
      }),
    ),
  });
  return succeed(undefined);
}

export type JudgedLogin = NonNullable<ReturnType<typeof applicationFact.schema.parse>>['logins'][number];

function judgeLogin(
  role: string,
  { live, restored }: { readonly live: LoginRights | undefined; readonly restored: LoginRights | undefined },
): JudgedLogin {
  const objects = restored?.objects ?? [];
  const lost = live === undefined ? lackingOf(objects) : lostOf(live.objects, objects);
  return {
    role,
    // The swap gives the new database what the old one lets in; before it, nobody is let into the new one.
    there: whetherThere(restored, live?.mayConnect ?? true),
    compared: live !== undefined,
    ...countReadable(objects),
    lost: lost.slice(0, mostKept),
    losing: lost.length,
  };
}

function whetherThere(login: LoginRights | undefined, mayConnect: boolean): JudgedLogin['there'] {
  if (login === undefined) return 'no';
  if (!login.mayLogIn) return 'without LOGIN';
  return mayConnect ? 'yes' : 'without CONNECT';
}

function countReadable(objects: readonly ObjectRights[]): Pick<JudgedLogin, 'mayRead' | 'of'> {
  const relations = objects.filter(({ kind }) => kind === 'relation');
  return {
    mayRead: relations.filter(({ rights }) => rights.includes('SELECT')).length,
    of: relations.length,
  };
}

type Lost = { readonly what: string; readonly rights: string[] };

/** What is in one of the two alone is no right that was lost. */
function lostOf(live: readonly ObjectRights[], restored: readonly ObjectRights[]): readonly Lost[] {
  const now = new Map(restored.map(({ what, rights }) => [what, rights]));
  return live.flatMap(({ what, rights }) => {
    const held = now.get(what);
    if (held === undefined) return [];
    const gone = rights.filter((right) => !held.includes(right));
    // Of one column at least goes without saying where it was of all of them.
    const said = gone.filter(
      (right) => !gone.includes(right.replace(/ of columns$/, '')) || !right.endsWith(' of columns'),
    );
    return said.length === 0 ? [] : [{ what, rights: said }];
  });
}

/** Where nothing tells what it had: what no application can do without. */
function lackingOf(restored: readonly ObjectRights[]): readonly Lost[] {
  const relations = restored.filter(({ kind }) => kind === 'relation');
  const readable = relations.filter(({ rights }) => rights.some((right) => right.startsWith('SELECT')));
  if (relations.length > 0 && readable.length === 0)
    return [{ what: 'every table and view', rights: ['SELECT'] }];
  const used = new Set(readable.map(({ schema }) => schema));
  return restored
    .filter(({ kind, schema, rights }) => kind === 'schema' && used.has(schema) && !rights.includes('USAGE'))
    .map(({ what }) => ({ what, rights: ['USAGE'] }));
}

/** Rights are tried once more, and judged as they would be now. */
export async function judgeAgain(
  context: StepContext<'databases'>,
  application: Application | undefined,
): Promise<Outcome<void>> {
  const logins = await findLogins(context, application);
  const tried = await tryRights(context, logins.roles);
  if (!tried.ok) return tried;
  const { database } = needFact(restoredFact, context);
  return judgeLogins(context, { database, logins, tried: tried.value?.logins });
}

/** Once it is in place: what each lacks still, since somebody may have granted it meanwhile. */
export async function stillLost(
  context: StepContext<'databases'>,
  database: string,
): Promise<Outcome<readonly JudgedLogin[]>> {
  const logins = readFact(applicationFact, context)?.logins ?? [];
  const roles = logins.map(({ role }) => role);
  if (roles.length === 0) return succeed([]);
  const now = await targetServer(context).loginRights({ database, roles });
  if (!now.ok) return now;
  return succeed(
    logins.map((login) => ({
      ...login,
      ...lackingStill(
        login,
        now.value.find(({ role }) => role === login.role),
      ),
    })),
  );
}

function lackingStill(
  login: JudgedLogin,
  now: LoginRights | undefined,
): Omit<JudgedLogin, 'role' | 'compared'> {
  const objects = now?.objects ?? [];
  const there = whetherThere(now, now?.mayConnect === true);
  const held = new Map(objects.map(({ what, rights }) => [what, rights]));
  const lost = login.compared
    ? login.lost.flatMap(({ what, rights }) => {
        const gone = rights.filter((right) => held.get(what)?.includes(right) !== true);
        return gone.length === 0 ? [] : [{ what, rights: gone }];
      })
    : lackingOf(objects);
  const notKept = login.compared ? login.losing - login.lost.length : 0;
  return { there, ...countReadable(objects), lost: [...lost], losing: lost.length + notKept };
}
