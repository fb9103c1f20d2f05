import { shorten } from '../../backups/compare-inventories.ts';
import { formatCount } from '../../base/units.ts';
import { type Check, couldNotVerify, passed, skipped } from '../../base/verdict.ts';
import { readFact, saysNone } from '../../kinds/fact.ts';
import { authorFact, incomingDatabaseFact } from '../../kinds/facts.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { databaseSettingsFact, dumpRightsFact, rightsFact } from '../../kinds/rights-facts.ts';

const mostNames = 5;

/** Who owns what and who may use what: an application that logs in as another role is denied where that is not as it was. */
export function judgeRights(context: StepContext): readonly Check[] {
  if (saysNone(dumpRightsFact, context))
    return [leftOut('the table of contents of this dump cannot be read that far')];
  const rights = readFact(rightsFact, context);
  return rights === undefined
    ? judgeUntouched(context)
    : [...judgeReport(rights), ...judgeCode(context, rights)];
}

/** What belongs to the database and not to its content, where no old database tells; and where its objects are. */
export function judgeDatabaseItself(context: StepContext): readonly Check[] {
  const moved = readFact(incomingDatabaseFact, context)?.movedFrom ?? [];
  const checks: Check[] = moved.map(({ name, objects }) =>
    passed(
      `${objects === undefined ? 'the database' : `${formatCount(objects)} objects`} of tablespace ${name} ${objects === undefined ? 'is in the default one' : 'are where their database is'}: this server has none of that name for a restore`,
    ),
  );
  const report = readFact(databaseSettingsFact, context);
  if (report === undefined) return checks;
  const { trial, done, of, left } = report;
  const how = trial ? 'can be as the dump has it (tried, and taken back)' : 'is as the dump has it';
  if (done > 0)
    checks.push(
      passed(`${ratio({ done, of })} of what belongs to the database itself ${how}: owner, settings, limits`),
    );
  if (left.length > 0) {
    checks.push(
      couldNotVerify(
        `the database itself is not all as the dump has it: ${shorten(
          left.map(({ what, why }) => `${what} (${why})`),
          mostNames,
        )}`,
        'The output of this step lists all of it. `pg_restore --create --schema-only --file=-` shows the statements (ALTER DATABASE, ALTER ROLE … IN DATABASE); run those that are needed.',
      ),
    );
  }
  return checks;
}

type Rights = NonNullable<ReturnType<typeof rightsFact.schema.parse>>;

function judgeReport({ trial, owners, grants, left, rolesMade }: Rights): readonly Check[] {
  const checks: Check[] = [];
  const what = [
    ...(owners.done === 0 ? [] : [`${ratio(owners)} owners`]),
    ...(grants.done === 0 ? [] : [`${ratio(grants)} grants and default privileges`]),
  ];
  if (what.length > 0) {
    const how = trial ? 'can be as the dump has them (tried, and taken back)' : 'are as the dump has them';
    const made =
      rolesMade.length === 0
        ? ''
        : `; for that, roles that this server lacks were made: ${shorten(rolesMade, mostNames)}`;
    checks.push(passed(`${what.join(' and ')} ${how}${made}`));
  }
  const isSubscription = ({ what: one }: (typeof left)[number]) => one.startsWith('subscription ');
  const subscriptions = left.filter(isSubscription).map(({ what: one }) => one);
  if (subscriptions.length > 0) checks.push(judgeSubscriptions(subscriptions, trial));
  const others = left.filter((one) => !isSubscription(one));
  if (others.length > 0) {
    checks.push(
      couldNotVerify(
        `what the application may do is not all as the dump has it: ${shorten(
          others.map(({ what: one, why }) => `${one} (${why})`),
          mostNames,
        )}`,
        'The output of this step lists all of it. Make the roles that are missing before the restore, or put back by hand what is needed; try the application with its own login.',
      ),
    );
  }
  return checks;
}

function ratio({ done, of }: Rights['owners']): string {
  return done === of ? formatCount(of) : `${formatCount(done)} of ${formatCount(of)}`;
}

/** Of a dump whose author is proven, its owners wrote it; of any other, whoever could write to the store. */
function judgeCode(context: StepContext, { code, owner }: Rights): readonly Check[] {
  const { definers, triggers, rules, expressions } = code;
  if (readFact(authorFact, context)?.kind === 'proven') return [];
  const found = [
    ...(definers.length === 0
      ? []
      : [`${definers.length} SECURITY DEFINER functions (${shorten(definers, mostNames)})`]),
    ...(triggers === 0 ? [] : [`${formatCount(triggers)} triggers`]),
    ...(expressions === 0 ? [] : [`${formatCount(expressions)} expressions in indexes and statistics`]),
    ...(rules === 0 ? [] : [`${formatCount(rules)} rules`]),
  ];
  if (found.length === 0) return [];
  const whose = owner.isSuperuser
    ? ` ${owner.name}, who owns it, is a superuser: give it to a role that is none, since the server runs some of it by itself`
    : '';
  return [
    skipped(
      `who wrote the code in this dump was not checked: ${found.join(', ')}. Do not query the restored database as a superuser.${whose}`,
    ),
  ];
}

/** In a drill that is as it should be. */
function judgeSubscriptions(names: readonly string[], trial: boolean): Check {
  const what = `${shorten(names, mostNames)} of the dump ${names.length === 1 ? 'was' : 'were'} not made: a restore contacts nobody`;
  if (trial) return skipped(what);
  return couldNotVerify(
    what,
    'When this database is in use, make it with CREATE SUBSCRIPTION; `pg_restore --schema-only --file=-` shows the statement, and the password in it.',
  );
}

/** Restored with all the rights of a user, who owns everything now. */
function judgeUntouched(context: StepContext): readonly Check[] {
  const { objects = [], statements = [] } = readFact(dumpRightsFact, context) ?? {};
  const owners = [...new Set(objects.map(({ owner }) => owner))];
  const isGrant = ({ type }: (typeof statements)[number]) => type === 'ACL' || type === 'DEFAULT ACL';
  const grants = statements.filter(isGrant).length;
  const lacking = [
    ...(owners.length > 1 ? [`the owners ${shorten(owners)}`] : []),
    ...(grants === 0 ? [] : [`${formatCount(grants)} entries about who may use what (GRANT)`]),
  ];
  return lacking.length === 0 ? [] : [leftOut(`the dump has ${lacking.join(' and ')}, which were left out`)];
}

function leftOut(because: string): Check {
  return couldNotVerify(
    `what the application may do was not restored: ${because}`,
    'Read them in the output of `pg_restore --schema-only --file=-` (lines OWNER TO, GRANT and REVOKE), put back what is needed, and try the application with its own login.',
  );
}
