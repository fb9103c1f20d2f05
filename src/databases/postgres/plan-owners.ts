import { sqlName } from '../../base/quoting.ts';
import type { DumpRights } from '../../ports/database-rights.ts';
import { inOneLine } from './plain-names.ts';
import type { KnownRole, RestoredObject } from './restored-objects.ts';

/** One thing that the dump says of rights, and what is done about it. */
export type Task = {
  /** `rest`: an object of which the dump says nothing. */
  readonly about: 'owner' | 'rest' | 'grant' | 'other';
  readonly what: string;
  readonly object?: RestoredObject;
  /** Whom the catalogue has to name afterwards. */
  readonly owner?: string;
  readonly sql: readonly string[];
  /** Why it does not become as the dump has it, whatever is done. */
  readonly why?: string;
};

export type Known = {
  readonly objects: readonly RestoredObject[];
  readonly roles: ReadonlyMap<string, KnownRole>;
  readonly newOwner: string;
  /** Of the schema that every database has, where the dump does not name it. */
  readonly ownerOfPublic: string;
  readonly database: string;
  readonly isSuperuser: boolean;
  /** What only a superuser may make of a dump whose author is proven. */
  readonly mayMake: { readonly yes: true } | { readonly yes: false; readonly why: string };
};

export const relations = ['table', 'view', 'materialized view', 'foreign table'];
export const routines = ['function', 'procedure', 'aggregate'];

/** Whoever owns the database: since 15 the owner of the schema public. */
export const ownerOfDatabase = 'pg_database_owner';

/** Of others there is no statement that gives them away: they go with the rest. */
const alterable = new Set([
  ...[
    ...relations,
    ...routines,
    'collation',
    'conversion',
    'language',
    'large object',
    'operator',
    'operator class',
  ],
  ...['operator family', 'publication', 'schema', 'sequence', 'server', 'statistics object'],
  ...['text search configuration', 'text search dictionary', 'type'],
]);

/** pg_dump and the catalogue part arguments with and without a space; before 14 a procedure's had no IN. */
export function keyOf({
  kind,
  schema,
  name,
}: {
  readonly kind: string;
  readonly schema: string;
  readonly name: string;
}) {
  return `${kind}\0${schema}\0${name.replaceAll(', ', ',').replace(/([(,])IN /g, '$1')}`;
}

/** Every object gets its owner. */
export function planOwners(rights: Omit<DumpRights, 'statements'>, known: Known): readonly Task[] {
  const wanted = new Map<string, Set<string>>();
  for (const object of rights.objects) {
    const owners = wanted.get(keyOf(object)) ?? new Set();
    wanted.set(keyOf(object), owners.add(object.owner));
  }
  const ownersOf = (object: RestoredObject): readonly string[] => {
    const own = wanted.get(keyOf(object)) ?? wanted.get(inOneLine(keyOf(object)));
    if (own !== undefined) return [...own];
    const { largeObjectOwner } = rights;
    return object.kind === 'large object' && largeObjectOwner !== undefined ? [largeObjectOwner] : [];
  };
  const ownerOfSchema = new Map<string, string>();
  return known.objects.flatMap((object): readonly Task[] => {
    if (object.follows || !alterable.has(object.kind)) return [];
    const owners = ownersOf(object);
    const { owner, why } = chooseOwner(object, { owners, known });
    // Schemas come first.
    if (object.kind === 'schema') ownerOfSchema.set(object.name, owner);
    const isOwn = known.isSuperuser || ownerOfSchema.get(object.schema) === owner;
    const within = isOwn ? undefined : placeOf(object, known.database);
    // Of these there may be millions, and giving them away together takes no lock for each.
    const goesWithRest = object.kind === 'large object' && owner === known.newOwner;
    return [
      {
        about: owners.length === 0 ? 'rest' : 'owner',
        what: `${object.kind} ${object.identity}`,
        object,
        // Of pg_database_owner the catalogue keeps no note, since it cannot be dropped.
        ...(owner === ownerOfDatabase || goesWithRest ? {} : { owner }),
        sql: goesWithRest ? [] : sayOwner(object, { owner, within }),
        ...(why === undefined ? {} : { why }),
      },
    ];
  });
}

/** Whom it gets, and why that is not whom the dump names. */
function chooseOwner(
  { kind, name }: RestoredObject,
  { owners, known }: { readonly owners: readonly string[]; readonly known: Known },
): { readonly owner: string; readonly why?: string | undefined } {
  const { newOwner, ownerOfPublic, roles } = known;
  const [wanted, ...more] = owners;
  const isPublic = kind === 'schema' && name === 'public';
  if (wanted === undefined) return { owner: isPublic ? ownerOfPublic : newOwner };
  if (more.length > 0)
    return { owner: newOwner, why: `the dump has several of this name, of ${owners.join(' and ')}` };
  if (wanted === newOwner || (isPublic && wanted === ownerOfPublic)) return { owner: wanted };
  const why = whyNotOwner(wanted, roles);
  return { owner: why === undefined ? wanted : newOwner, why };
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

export function whyNotOwner(owner: string, roles: Known['roles']): string | undefined {
  const role = roles.get(owner);
  if (role === undefined) return `there is no role ${owner}`;
  if (!role.mayOwn) return `${owner} holds more than an owner may, and code of the dump would run with it`;
  return role.isOurs ? undefined : `this user may not act as ${owner}`;
}

function alterWord(kind: string): string {
  if (routines.includes(kind)) return 'ROUTINE';
  return kind === 'statistics object' ? 'STATISTICS' : kind.toUpperCase();
}
