import { sqlName, sqlText } from '../../base/quoting.ts';
import type { DumpRights, RightsReport } from '../../ports/database-rights.ts';
import { inOneLine } from './plain-names.ts';
import { type Known, keyOf, planOwners, relations, routines, type Task, whyNotOwner } from './plan-owners.ts';
import type { Grant, ReadStatement } from './read-rights.ts';
import type { RestoredObject } from './restored-objects.ts';
import { sayGrant, sayPrivileges } from './say-rights.ts';

/** The first words of the tag of an entry about rights: which objects it may be about, and what GRANT calls them. */
const tags: Readonly<Record<string, { readonly kinds: readonly string[]; readonly on: string }>> = {
  TABLE: { kinds: relations, on: 'TABLE' },
  COLUMN: { kinds: relations, on: 'TABLE' },
  SEQUENCE: { kinds: ['sequence'], on: 'SEQUENCE' },
  FUNCTION: { kinds: routines, on: 'ROUTINE' },
  PROCEDURE: { kinds: routines, on: 'ROUTINE' },
  AGGREGATE: { kinds: routines, on: 'ROUTINE' },
  TYPE: { kinds: ['type'], on: 'TYPE' },
  DOMAIN: { kinds: ['type'], on: 'TYPE' },
  SCHEMA: { kinds: ['schema'], on: 'SCHEMA' },
  LANGUAGE: { kinds: ['language'], on: 'LANGUAGE' },
  'FOREIGN SERVER': { kinds: ['server'], on: 'FOREIGN SERVER' },
  'LARGE OBJECT': { kinds: ['large object'], on: 'LARGE OBJECT' },
};

/** The tag of an entry about rights has names in quotes where SQL needs them: `TABLE "Open Jobs"`, `COLUMN boats.id`, `FUNCTION f(integer)`. */
const nameInTag = /^(?:"((?:[^"]|"")+)"|([^".(]+))(.*)$/s;

type ReadEntry = Omit<DumpRights['statements'][number], 'sql'> & {
  readonly statements: readonly ReadStatement[];
};

/** What is to be done so that rights are as the dump has them; the catalogue says which objects there are. */
export function planRights(
  rights: Omit<DumpRights, 'statements'> & { readonly entries: readonly ReadEntry[] },
  known: Known,
): readonly Task[] {
  const byName = nameObjects(known.objects);
  const all = rights.entries.flatMap((entry) => entry.statements.map((statement) => ({ statement, entry })));
  // Its owner has to be a superuser, so it stays with the one who makes it.
  const ofSchemas = new Set(
    all.flatMap(({ statement }) => (statement.kind === 'publication-schema' ? [statement.name] : [])),
  );
  const isAdministrators = ({ kind, name }: RestoredObject) =>
    known.mayMake.yes && kind === 'publication' && ofSchemas.has(name);
  const objects = known.objects.filter((object) => !isAdministrators(object));
  return [
    ...planOwners(rights, { ...known, objects }),
    ...all.flatMap(({ statement, entry }) => planGrant(statement, { entry, known, byName })),
    ...all.flatMap(({ statement, entry }) => planOther(statement, { entry, known, byName })),
    ...rights.entries.flatMap(planSubscription),
  ];
}

/** By its name alone, with the names of its arguments, and as the comments of a plain dump have both; what is exact comes first. */
function nameObjects(objects: readonly RestoredObject[]): About['byName'] {
  const named = objects.flatMap((object) => [
    { object, key: keyOf({ ...object, name: object.signature }) },
    { object, key: keyOf(object) },
  ]);
  return new Map([
    ...named.map(({ object, key }) => [inOneLine(key), object] as const),
    ...named.map(({ object, key }) => [key, object] as const),
  ]);
}

type About = {
  readonly entry: ReadEntry;
  readonly known: Known;
  readonly byName: ReadonlyMap<string, RestoredObject>;
};

function planGrant(statement: ReadStatement, { entry, known, byName }: About): readonly Task[] {
  const about = 'grant' as const;
  if (statement.kind === 'unknown' && (entry.type === 'ACL' || entry.type === 'DEFAULT ACL'))
    return [{ about, what: shortened(statement.text), sql: [], why: 'it is not what pg_dump writes' }];
  if (statement.kind === 'default-privileges') {
    const { role, schema, on } = statement;
    const what = `default privileges of ${role} on ${on.toLowerCase()}`;
    const missing = missingRole(statement, known.roles);
    const why = missing ?? (role === known.newOwner ? undefined : whyNotOwner(role, known.roles));
    if (why !== undefined) return [{ about, what, sql: [], why }];
    const within = schema === undefined ? '' : ` IN SCHEMA ${sqlName(schema)}`;
    const sql = `ALTER DEFAULT PRIVILEGES FOR ROLE ${sqlName(role)}${within} ${sayGrant(statement, on)}`;
    return [{ about, what, sql: [sql] }];
  }
  if (statement.kind !== 'grant') return [];
  const what = `${statement.verb.toLowerCase()} ${sayPrivileges(statement)} on ${entry.tag} ${statement.verb === 'GRANT' ? 'to' : 'from'} ${statement.grantee ?? 'everybody'}`;
  const found = objectOf(entry, { statement, byName });
  const why =
    found === undefined ? 'it is about nothing that the dump made' : whyNotGranted(statement, known.roles);
  if (found === undefined || why !== undefined)
    return [{ about, what, sql: [], ...(why === undefined ? {} : { why }) }];
  const { object, on } = found;
  const sql = sayGrant(statement, `${on} ${object.identity}`);
  const { as } = statement;
  const acting = as === undefined ? [sql] : [`SET LOCAL ROLE ${sqlName(as)}`, sql, 'RESET ROLE'];
  return [{ about, what, object, sql: acting }];
}

function whyNotGranted(
  statement: Grant & { readonly as?: string },
  roles: Known['roles'],
): string | undefined {
  const missing = missingRole(statement, roles);
  const { as } = statement;
  if (missing !== undefined || as === undefined) return missing;
  const grantor = roles.get(as);
  if (grantor === undefined) return `there is no role ${as}, who gave it`;
  return grantor.isOurs && grantor.mayOwn
    ? undefined
    : `it was given by ${as}, and nobody acts as ${as} for a dump`;
}

function objectOf(
  { tag, schema }: ReadEntry,
  { statement, byName }: { readonly statement: Grant; readonly byName: About['byName'] },
): { readonly object: RestoredObject; readonly on: string } | undefined {
  const word = Object.keys(tags).find((one) => tag.startsWith(`${one} `));
  const about = word === undefined ? undefined : tags[word];
  if (word === undefined || about === undefined) return undefined;
  const [, quoted, bare = '', rest = ''] = nameInTag.exec(tag.slice(word.length + 1)) ?? [];
  const name = `${quoted?.replaceAll('""', '"') ?? bare}${word === 'COLUMN' ? '' : rest}`;
  const isOfColumn = statement.privileges.some(({ column }) => column !== undefined);
  if (isOfColumn !== (word === 'COLUMN')) return undefined;
  for (const kind of about.kinds) {
    const object = byName.get(keyOf({ kind, schema, name }));
    if (object !== undefined) return { object, on: about.on };
  }
  return undefined;
}

function missingRole({ grantee }: Grant, roles: Known['roles']): string | undefined {
  return grantee === undefined || roles.has(grantee) ? undefined : `there is no role ${grantee}`;
}

/** Event triggers and publications of whole databases or schemas. What is not of these the role of the restore has made. */
function planOther(statement: ReadStatement, { entry, known, byName }: About): readonly Task[] {
  const about = 'other' as const;
  const what = `${entry.type.toLowerCase()} ${entry.tag}`;
  if (statement.kind === 'unknown')
    return forAdministrator(entry, statement)
      ? [{ about, what, sql: [], why: 'it is not what pg_dump writes, or nothing that is made for a dump' }]
      : [];
  const sql = sayOther(statement, byName);
  if (sql !== undefined)
    return [known.mayMake.yes ? { about, what, sql } : { about, what, sql: [], why: known.mayMake.why }];
  return statement.kind === 'event-trigger'
    ? [{ about, what, sql: [], why: 'what it calls is nothing that the dump made' }]
    : [];
}

/** Once made it would contact its publisher, in the name of production: that begins by hand. */
function planSubscription({ type, tag }: ReadEntry): readonly Task[] {
  if (type !== 'SUBSCRIPTION') return [];
  const why = 'a restore contacts nobody: make it by hand once this database is in use';
  return [{ about: 'other', what: `subscription ${tag}`, sql: [], why }];
}

/** Other publications the role of the restore has made by itself. */
function forAdministrator({ type }: ReadEntry, { text }: { readonly text: string }): boolean {
  if (type === 'PUBLICATION') return /\bFOR ALL TABLES\b/i.test(text);
  return type === 'EVENT TRIGGER' || type === 'PUBLICATION TABLES IN SCHEMA';
}

function sayOther(statement: ReadStatement, byName: About['byName']): readonly string[] | undefined {
  switch (statement.kind) {
    case 'event-trigger': {
      const { name, event, tags: filters, call } = statement;
      const called = byName.get(keyOf({ kind: 'function', schema: call.schema, name: `${call.name}()` }));
      if (called === undefined) return undefined;
      const when = filters.length === 0 ? '' : ` WHEN TAG IN (${filters.map(sqlText).join(', ')})`;
      return [`CREATE EVENT TRIGGER ${sqlName(name)} ON ${event}${when} EXECUTE FUNCTION ${called.identity}`];
    }
    case 'event-trigger-state':
      return [`ALTER EVENT TRIGGER ${sqlName(statement.name)} ${statement.state}`];
    case 'publication': {
      const { name, ofAllTables, options } = statement;
      if (!ofAllTables) return undefined;
      const given = options.map(([option, value]) => `${option} = ${sqlText(value)}`).join(', ');
      return [`CREATE PUBLICATION ${sqlName(name)} FOR ALL TABLES WITH (${given})`];
    }
    case 'publication-schema':
      return [
        `ALTER PUBLICATION ${sqlName(statement.name)} ADD TABLES IN SCHEMA ${sqlName(statement.schema)}`,
        `ALTER PUBLICATION ${sqlName(statement.name)} OWNER TO CURRENT_USER`,
      ];
    default:
      return undefined;
  }
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= 80 ? line : `${line.slice(0, 80)}…`;
}

/** For people: what stays different, and how much is as the dump has it. */
export function reportOf(
  tasks: readonly Task[],
  {
    failed,
    ...more
  }: { readonly failed: ReadonlyMap<Task, string> } & Pick<RightsReport, 'code' | 'owner' | 'rolesMade'>,
): RightsReport {
  const whyOf = (task: Task) => task.why ?? failed.get(task);
  const count = (about: Task['about']) => {
    const some = tasks.filter((task) => task.about === about);
    return { done: some.filter((task) => whyOf(task) === undefined).length, of: some.length };
  };
  return {
    owners: count('owner'),
    grants: count('grant'),
    left: tasks.flatMap((task) => {
      const why = whyOf(task);
      return why === undefined ? [] : [{ what: task.what, why }];
    }),
    ...more,
  };
}
