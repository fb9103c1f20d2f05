import { type Outcome, succeed } from '../../../base/failure.ts';
import type { Catalogue, CatalogueObject, CatalogueSection } from '../../../ports/catalogue.ts';
import { withReadSession } from '../read-session.ts';
import type { Row, ServerContext, Session } from '../session.ts';
import { lastStatements, otherStatements } from './others.ts';
import { relationStatements } from './relations.ts';
import { databaseStatement, defaultsStatement, largeObjectRights, rightsStatement } from './rights.ts';

const definitions: readonly CatalogueSection[] = [
  ...([
    'schemas',
    'extensions',
    'types',
    'functions',
    'operators',
    'text search and collations',
    'tables',
  ] as const),
  ...([
    'sequences',
    'constraints',
    'indexes',
    'triggers and rules',
    'policies',
    'statistics',
    'foreign servers',
  ] as const),
  ...([
    'comments',
    'large objects',
    'expressions',
    'texts of views',
    'tablespaces',
    'security labels',
  ] as const),
];
export const lastSections: readonly CatalogueSection[] = [
  'publications',
  'subscriptions',
  'event triggers',
  'default privileges',
  'late comments',
];
export const rightsSections: readonly CatalogueSection[] = ['owners', 'grants', 'grants of MAINTAIN'];
const ofDatabase: readonly CatalogueSection[] = ['locale', 'settings', 'rights to the database'];
const everySection = [...definitions, ...lastSections, ...rightsSections, ...ofDatabase];

/** Which of the objects have a right: by class and object id. */
type Ids = { readonly classIds: readonly string[]; readonly objectIds: readonly string[] };

/** Whoever owns what the role of a restore has will be another one. */
export type InTrial = { readonly role: string; readonly newOwner: string };

/** The whole catalogue of a database, for everybody who may connect to it. */
export function readCatalogue(context: ServerContext, database: string): Promise<Outcome<Catalogue>> {
  return withReadSession(context, {
    database,
    doing: `read the catalogue of database ${database}`,
    limitMs: 600_000,
    work: async (session) => {
      await session.rows('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const catalogue = await readWhole(session, database);
      await session.rows('ROLLBACK');
      return succeed(catalogue);
    },
  });
}

/** Throws what the session throws. The session's search path has to hold the system's schema alone. */
export async function readWhole(session: Session, database: string): Promise<Catalogue> {
  const objects = await read(session, [...relationStatements, ...otherStatements]);
  const rightsFound = await readRightsOf(session);
  return {
    serverMajor: majorOf(session),
    sections: everySection,
    objects: [
      ...objects,
      ...rightsFound,
      ...(await readLast(session)),
      ...(await readDatabaseItself(session, database)),
    ],
  };
}

export function majorOf({ versionNumber }: Pick<Session, 'versionNumber'>): number {
  return Math.floor(versionNumber / 10_000);
}

/** @param of these objects alone; or all but these. All when left out. */
export async function readRightsOf(
  session: Session,
  of: { readonly these?: Ids; readonly others?: Ids; readonly trial?: InTrial } = {},
): Promise<readonly CatalogueObject[]> {
  const { these, others, trial } = of;
  const ids = these ?? others;
  return read(
    session,
    [rightsStatement, largeObjectRights],
    [
      ids?.classIds ?? null,
      ids?.objectIds ?? null,
      others !== undefined,
      trial?.role ?? null,
      trial?.newOwner ?? null,
    ],
  );
}

/** What an administrator makes last. */
export async function readLast(session: Session): Promise<readonly CatalogueObject[]> {
  return read(session, [...lastStatements(session.versionNumber), defaultsStatement]);
}

/** Settings alone: of what else belongs to the database the role of a restore has changed some until it is gone. */
export async function settingsCatalogue(session: Session, database: string): Promise<Catalogue> {
  const objects = await readDatabaseItself(session, database);
  return {
    serverMajor: majorOf(session),
    sections: ['settings'],
    objects: objects.filter(({ section }) => section === 'settings'),
  };
}

/** From any database of the server. */
async function readDatabaseItself(session: Session, database: string): Promise<readonly CatalogueObject[]> {
  return read(session, [databaseStatement], [database]);
}

async function read(
  session: Session,
  ...[statements, values = []]: [readonly string[], (readonly unknown[])?]
): Promise<readonly CatalogueObject[]> {
  const objects: CatalogueObject[] = [];
  for (const statement of statements) {
    const rows = await session.rows(`SELECT * FROM (${statement}) AS found (section, name, text)`, values);
    objects.push(...rows.flatMap(toObject));
  }
  return objects;
}

function toObject({ section: found, name, text }: Row): readonly CatalogueObject[] {
  const section = everySection.find((one) => one === found);
  if (section === undefined) return [];
  const isWritten = section === 'expressions' || section === 'texts of views';
  return [{ section, name: name ?? '', text: isWritten ? plainExpression(text ?? '') : (text ?? '') }];
}

/**
 * PostgreSQL does not write a list of varchar as it was read: `(ARRAY['a'::varchar])::text[]` comes back as `ARRAY[('a'::varchar)::text]`, and only
 * then stays. So casts among the types of text, and brackets around one value, are left out of what is compared.
 */
function plainExpression(text: string): string {
  let plain = text.replace(/::(?:text|character varying|varchar|bpchar)(?:\(\d+\))?(?:\[\])?/g, '');
  for (let before = ''; before !== plain; ) {
    before = plain;
    plain = plain.replace(/(?<![\w"])\(('(?:[^']|'')*'|"(?:[^"]|"")*"|[\w.]+|ARRAY\[[^\][()]*\])\)/g, '$1');
  }
  return plain;
}
