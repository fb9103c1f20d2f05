import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { applicationFact } from '../../kinds/rights-facts.ts';
import type { JudgedLogin } from '../../operations/application-rights.ts';

const mostNames = 6;

const nameIt =
  'Name it in `application` of this step: its role, or its URL, with which it is logged in as after the swap.';

/** Before the swap, and in a drill: what the catalogue says of each login, with owners and grants as they would be. */
export function foreseeApplication(context: StepContext): readonly Check[] {
  const judged = readFact(applicationFact, context);
  // A run of an earlier version asked nobody.
  if (judged === undefined) return [];
  const { logins, source, more } = judged;
  if (context.targets.target.throwaway !== undefined)
    return [
      notChecked(
        "what the application's login may do with what was restored: the server that this drill makes has none of its roles",
        'Drill beside production (`drill.database` with `besideProduction`); a live restore judges it before the swap.',
      ),
    ];
  if (source === 'nobody')
    return [
      notChecked(
        "whether the application's login may use what was restored: nobody says who that is",
        nameIt,
      ),
    ];
  return [
    ...logins.map((login) => foresee(login, context)),
    ...(more === 0
      ? []
      : [
          notChecked(
            `what ${more} further logins of the live database may do with what was restored`,
            nameIt,
          ),
        ]),
  ];
}

function foresee(login: JudgedLogin, context: StepContext): Check {
  const { role, there, lost, compared } = login;
  const isElsewhere = context.mode === 'drill' && context.targets.target.besideProduction !== true;
  if (there !== 'yes')
    return isElsewhere && there !== 'without CONNECT' ? notThere(login) : cannotLogIn(login);
  if (lost.length === 0) return passed(`the login ${role} ${mayDo(login, 'before')}`);
  const text = compared
    ? `the login ${role} would lose what it may do in the live database: ${sayLost(login)}`
    : `the login ${role} would lack what an application needs: ${sayLost(login)}`;
  // Which groups a role is in belongs to its server, and was not restored.
  return isElsewhere
    ? couldNotVerify(
        `${text}; on the server of this drill it may be in other groups`,
        'Drill beside production (`besideProduction`), or look who may use these in the dump: `pg_restore --schema-only --file=-`.',
      )
    : failed(
        text,
        'Take a dump that holds its grants (pg_dump without --no-privileges), or let an administrator GRANT them after the swap; what was granted after the backup is granted again in the same way.',
      );
}

/** Roles belong to a server: that of a drill has them only where somebody made them. */
function notThere({ role }: JudgedLogin): Check {
  return notChecked(
    `what the login ${role} may do with what was restored: the server of this drill has no login of that name`,
    'Drill beside production (`besideProduction`); a live restore judges it before the swap.',
  );
}

function cannotLogIn({ role, there }: JudgedLogin): Check {
  if (there === 'without CONNECT')
    return failed(
      `the login ${role} may not connect to the database: it lacks CONNECT`,
      `Let an administrator run GRANT CONNECT ON DATABASE … TO ${role}, and retry; the swap takes over what the old database says.`,
    );
  return there === 'no'
    ? failed(
        `the application logs in as ${role}, and this server has no such role`,
        `Let an administrator make it with its password (CREATE ROLE ${role} LOGIN PASSWORD …), or restore the roles before (restore-roles); then retry.`,
      )
    : failed(
        `the application logs in as ${role}, which may not log in on this server`,
        `Let an administrator run: ALTER ROLE ${role} LOGIN (and VALID UNTIL, where its time is over); then retry.`,
      );
}

/** After the swap: what somebody agreed to is told until it is granted. */
export function judgeInPlace(logins: readonly JudgedLogin[]): readonly Check[] {
  return logins.map((login) => {
    const { role, there, lost, compared } = login;
    if (there !== 'yes') return cannotLogIn(login);
    if (lost.length === 0) return passed(`the login ${role} ${mayDo(login, 'after')}`);
    return couldNotVerify(
      `the login ${role} lacks ${compared ? 'what it might do in the old database' : 'what an application needs'}, which was accepted: ${sayLost(login)}`,
      'Let an administrator GRANT it, and retry; nothing is restored anew.',
    );
  });
}

function mayDo({ compared, mayRead, of }: JudgedLogin, when: 'before' | 'after'): string {
  const read = `${mayRead} of ${of} tables and views to read`;
  if (!compared)
    return `may use what was restored (${read}); there is no live database to compare its rights with`;
  return when === 'before'
    ? `could do all that it may in the live database (${read})`
    : `may do all that it might in the old database (${read})`;
}

function sayLost({ lost, losing }: JudgedLogin): string {
  const shown = lost.slice(0, mostNames).map(({ what, rights }) => `${rights.join(', ')} on ${what}`);
  const more = losing - shown.length;
  return `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

export function notChecked(text: string, remedy: string): Check {
  return { verdict: 'not-checked', text, remedy };
}
