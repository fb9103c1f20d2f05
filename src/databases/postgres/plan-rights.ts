import { sqlName, sqlText } from '../../base/quoting.ts';
import type { DumpRights, RightsReport } from '../../ports/database-server.ts';
import type { Grant, ReadStatement } from './read-rights.ts';
import type { KnownRole, RestoredObject } from './restored-objects.ts';

/** Why something is not done, or the statements that do it. */
export type Task = {
  readonly about: 'owner' | 'grant' | 'other';
  readonly what: string;
  readonly object?: RestoredObject;
  /** Whom the catalogue has to name afterwards. */
  readonly owner?: string;
} & ({ readonly sql: readonly string[] } | { readonly why: string });

type Known = {
  readonly objects: readonly RestoredObject[];
  readonly roles: ReadonlyMap<string, KnownRole>;
  readonly newOwner: string;
  readonly database: string;
  readonly isSuperuser: boolean;
  /** What only a superuser may make of a dump whose author is proven. */
  readonly mayMake: { readonly yes: true } | { readonly yes: false; readonly why: string };
};

const relations = ['table', 'view', 'materialized view', 'foreign table'];
const routines = ['function', 'procedure', 'aggregate'];

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

/** Every database has it, and whoever owns the database owns it (since 15). */
const ownerOfDatabase = 'pg_database_owner';

type ReadEntry = Omit<DumpRights['statements'][number], 'sql'> & {
  readonly statements: readonly ReadStatement[];
};

/** What is to be done so that rights are as the dump has them; the catalogue says which objects there are. */
export function planRights(
  rights: Pick<DumpRights, 'objects'> & { readonly entries: readonly ReadEntry[] },
  known: Known,
): readonly Task[] {
  const byName = new Map(known.objects.map((object) => [keyOf(object), object]));
  const others = rights.entries.flatMap((entry) =>
    entry.statements.flatMap((statement) => planOther(statement, { entry, known, byName })),
  );
  // Its owner has to be a superuser, so it stays with the one who makes it.
  const ofSchemas = new Set(
    rights.entries.flatMap(({ statements }) =>
      statements.flatMap((one) => (one.kind === 'publication-schema' ? [one.name] : [])),
    ),
  );
  const isAdministrators = ({ kind, name }: RestoredObject) =>
    known.mayMake.yes && kind === 'publication' && ofSchemas.has(name);
  return [
    ...planOwners(rights.objects, {
      ...known,
      objects: known.objects.filter((object) => !isAdministrators(object)),
    }),
    ...rights.entries.flatMap((entry) =>
      entry.statements.flatMap((statement) => planGrant(statement, { entry, known, byName })),
    ),
    ...others,
  ];
}

/** pg_dump and the catalogue part arguments with and without a space. */
function keyOf({
  kind,
  schema,
  name,
}: {
  readonly kind: string;
  readonly schema: string;
  readonly name: string;
}) {
  return `${kind}\0${schema}\0${name.replaceAll(', ', ',')}`;
}

function planOwners(dumped: DumpRights['objects'], known: Known): readonly Task[] {
  const wanted = new Map<string, Set<string>>();
  for (const object of dumped) {
    const owners = wanted.get(keyOf(object)) ?? new Set();
    wanted.set(keyOf(object), owners.add(object.owner));
  }
  const ownerOfSchema = new Map<string, string>();
  return known.objects.flatMap((object): readonly Task[] => {
    const owners = wanted.get(keyOf(object));
    // What the dump does not name as an object of its own goes with another one, or belongs to whoever restores.
    if (object.follows || owners === undefined) return [];
    const what = `${object.kind} ${object.identity}`;
    const [owner = '', ...more] = owners;
    const task = { about: 'owner' as const, what, object };
    if (more.length > 0)
      return [{ ...task, why: `the dump has several of this name, of ${[...owners].join(' and ')}` }];
    if (owner === known.newOwner) return [{ ...task, owner, sql: [] }];
    const isPublic = object.kind === 'schema' && owner === ownerOfDatabase;
    const why = isPublic ? undefined : whyNotOwner(owner, known.roles);
    if (why !== undefined) return [{ ...task, why }];
    // Schemas come first.
    if (object.kind === 'schema') ownerOfSchema.set(object.name, owner);
    const isOwn = known.isSuperuser || ownerOfSchema.get(object.schema) === owner;
    const within = isOwn ? undefined : placeOf(object, known.database);
    return [{ ...task, owner, sql: sayOwner(object, { owner, within }) }];
  });
}

/** Where its owner has to be allowed to make one, unless a superuser gives it to him. */
function placeOf({ kind, schema }: RestoredObject, database: string): string | undefined {
  if (schema !== '') return `SCHEMA ${sqlName(schema)}`;
  return kind === 'publication' ? `DATABASE ${sqlName(database)}` : undefined;
}

function sayOwner(
  { kind, identity }: RestoredObject,
  { owner, within }: { readonly owner: string; readonly within: string | undefined },
): readonly string[] {
  const alter = `ALTER ${alterWord(kind)} ${identity} OWNER TO ${sqlName(owner)}`;
  if (within === undefined) return [alter];
  const to = sqlName(owner);
  return [`GRANT CREATE ON ${within} TO ${to}`, alter, `REVOKE CREATE ON ${within} FROM ${to}`];
}

function whyNotOwner(owner: string, roles: Known['roles']): string | undefined {
  const role = roles.get(owner);
  if (role === undefined) return `there is no role ${owner}`;
  if (!role.mayOwn) return `${owner} holds more than an owner may, and code of the dump would run with it`;
  return role.isOurs ? undefined : `this user may not act as ${owner}`;
}

function alterWord(kind: string): string {
  if (routines.includes(kind)) return 'ROUTINE';
  return kind === 'statistics object' ? 'STATISTICS' : kind.toUpperCase();
}

type About = {
  readonly entry: ReadEntry;
  readonly known: Known;
  readonly byName: ReadonlyMap<string, RestoredObject>;
};

function planGrant(statement: ReadStatement, { entry, known, byName }: About): readonly Task[] {
  const about = 'grant' as const;
  if (statement.kind === 'unknown' && (entry.type === 'ACL' || entry.type === 'DEFAULT ACL'))
    return [{ about, what: shortened(statement.text), why: 'it is not what pg_dump writes' }];
  if (statement.kind === 'default-privileges') {
    const { role, schema, on } = statement;
    const what = `default privileges of ${role} on ${on.toLowerCase()}`;
    const missing = missingRole(statement, known.roles);
    const why = missing ?? (role === known.newOwner ? undefined : whyNotOwner(role, known.roles));
    if (why !== undefined) return [{ about, what, why }];
    const within = schema === undefined ? '' : ` IN SCHEMA ${sqlName(schema)}`;
    const sql = `ALTER DEFAULT PRIVILEGES FOR ROLE ${sqlName(role)}${within} ${sayGrant(statement, on)}`;
    return [{ about, what, sql: [sql] }];
  }
  if (statement.kind !== 'grant') return [];
  const what = `${statement.verb.toLowerCase()} ${sayPrivileges(statement)} on ${entry.tag} ${statement.verb === 'GRANT' ? 'to' : 'from'} ${statement.grantee ?? 'everybody'}`;
  const found = objectOf(entry, { statement, byName });
  if (found === undefined) return [{ about, what, why: 'it is about nothing that the dump made' }];
  const missing = missingRole(statement, known.roles);
  if (missing !== undefined) return [{ about, what, why: missing }];
  const sql = sayGrant(statement, `${found.on} ${found.object.identity}`);
  const { as } = statement;
  if (as === undefined) return [{ about, what, sql: [sql] }];
  const grantor = known.roles.get(as);
  if (grantor === undefined) return [{ about, what, why: `there is no role ${as}, who gave it` }];
  if (!grantor.isOurs || !grantor.mayOwn)
    return [{ about, what, why: `it was given by ${as}, and nobody acts as ${as} for a dump` }];
  return [{ about, what, sql: [`SET LOCAL ROLE ${sqlName(as)}`, sql, 'RESET ROLE'] }];
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

function sayPrivileges({ privileges }: Grant): string {
  return privileges
    .map(({ name, column }) => (column === undefined ? name : `${name} (${sqlName(column)})`))
    .join(', ');
}

function sayGrant(grant: Grant, on: string): string {
  const { verb, optionOnly, grantee, withOption } = grant;
  const to = grantee === undefined ? 'PUBLIC' : sqlName(grantee);
  const what = `${optionOnly ? 'GRANT OPTION FOR ' : ''}${sayPrivileges(grant)} ON ${on}`;
  return verb === 'GRANT'
    ? `GRANT ${what} TO ${to}${withOption ? ' WITH GRANT OPTION' : ''}`
    : `REVOKE ${what} FROM ${to}`;
}

/** Event triggers and publications of whole databases or schemas. What is not of these the role of the restore has made. */
function planOther(statement: ReadStatement, { entry, known, byName }: About): readonly Task[] {
  const about = 'other' as const;
  const isOurs = entry.type === 'EVENT TRIGGER' || entry.type === 'PUBLICATION TABLES IN SCHEMA';
  const what = `${entry.type.toLowerCase()} ${entry.tag}`;
  if (statement.kind === 'unknown')
    return isOurs
      ? [{ about, what, why: 'it is not what pg_dump writes, or nothing that is made for a dump' }]
      : [];
  const sql = sayOther(statement, byName);
  if (sql === undefined) return [];
  return [known.mayMake.yes ? { about, what, sql } : { about, what, why: known.mayMake.why }];
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
  const whyOf = (task: Task) => ('why' in task ? task.why : failed.get(task));
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
