import { type Failure, fail, type Outcome, succeed } from '../../src/base/failure.ts';
import { createSecret } from '../../src/base/secret.ts';
import type {
  DatabaseDriver,
  ForeignSession,
  Inventory,
  PreparedTransaction,
} from '../../src/ports/database-server.ts';

export type FakeDatabase = {
  /** Tells databases apart whatever they are called. */
  readonly content: string;
  /** Of its content when left out: where one test has the same content twice it has to say which is which. */
  readonly oid?: number;
  readonly comment?: string;
  readonly allowsConnections?: boolean;
  readonly inventory?: Inventory;
  readonly sessions?: readonly ForeignSession[];
  readonly prepared?: readonly PreparedTransaction[];
};

type Row = Readonly<Record<string, string | null>>;

export type FakeDatabaseServer = DatabaseDriver & {
  readonly databases: Map<string, FakeDatabase>;
  /** Roles of restores that are there. */
  readonly roles: ReadonlySet<string>;
  /** Rows that a query gives, by a piece of its text. */
  readonly answers: Map<string, readonly Row[]>;
  /** Every call that changes something, in order: rename crm -> crm__before. */
  readonly changes: string[];
  /** Fails the next call of this name. */
  failNext(call: string, failure: Failure): void;
};

const emptyInventory: Inventory = { tables: [], sequences: [], extensions: [] };

/** Its catalogue holds what is counted, and nothing else. */
function namesOf({ tables, sequences, extensions }: Inventory): readonly Row[] {
  return [
    ...tables.map(({ schema, name }) => ({ type: 'TABLE', schema, name })),
    ...sequences.map(({ schema, name }) => ({ type: 'SEQUENCE', schema, name })),
    ...extensions.map(({ name }) => ({ type: 'EXTENSION', schema: '', name })),
  ];
}

/**
 * Databases in memory, with the refusals of PostgreSQL that matter: a name is taken once, a database with a client on it is
 * not renamed, nobody connects where connections are not allowed.
 *
 * @param given.beforeChange called before each change; throwing there is a crash of the program at that point.
 */
export function createFakeDatabaseServer(given: {
  readonly name?: string;
  readonly address?: string;
  readonly systemIdentifier?: string;
  readonly databases?: Readonly<Record<string, FakeDatabase>>;
  readonly beforeChange?: (change: string) => void;
}): FakeDatabaseServer {
  const databases = new Map(Object.entries(given.databases ?? {}));
  let nextOid = 2_000_000;
  const changes: string[] = [];
  const roles = new Set<string>();
  const answers = new Map<string, readonly Row[]>();
  const failures = new Map<string, Failure>();
  const address = given.address ?? 'db:5432';

  /** Every change goes through here, and a refused one leaves everything as it is. */
  async function change(text: string, act: () => Outcome<void>): Promise<Outcome<void>> {
    given.beforeChange?.(text);
    // A failure may be planned for a call on anything, or on one database: `terminate crm`.
    const call = failures.has(text) ? text : (text.split(' ')[0] ?? '');
    const planned = failures.get(call);
    failures.delete(call);
    if (planned !== undefined) return fail(planned);
    const done = act();
    if (done.ok) changes.push(text);
    return done;
  }

  const edit = (name: string, database: Partial<FakeDatabase>): Outcome<void> => {
    const found = databases.get(name);
    if (found === undefined) return fail(refusal(`There is no database ${name}.`));
    databases.set(name, { ...found, ...database });
    return succeed(undefined);
  };

  return {
    databases,
    roles,
    answers,
    changes,
    failNext: (call, failure) => void failures.set(call, failure),
    address,
    databaseName: given.name ?? 'crm',
    userName: 'postgres',
    identity: async () => {
      const planned = failures.get('identity');
      failures.delete('identity');
      if (planned !== undefined) return fail(planned);
      return succeed({
        systemIdentifier: given.systemIdentifier ?? '7412000000000003391',
        version: '15.18',
        versionNumber: 150018,
        user: 'postgres',
        mayCreateDatabases: true,
        mayCreateRoles: true,
        isSuperuser: true,
      });
    },
    describeDatabase: async (name) => succeed(describe(name, databases.get(name))),
    markedDatabases: async () =>
      succeed(
        [...databases].flatMap(([name, database]) => {
          const { comment } = database;
          return comment?.startsWith('thaw run ') ? [{ name, oid: oidOf(database), comment }] : [];
        }),
      ),
    // A role of a restore lives as long as its database here.
    idleMarkedRoles: async () => succeed([]),
    foreignSessions: async (name) => succeed(databases.get(name)?.sessions ?? []),
    preparedTransactions: async (name) => succeed(databases.get(name)?.prepared ?? []),
    terminateSessions: async (name) => {
      const sessions = databases.get(name)?.sessions ?? [];
      const stays = sessions.filter(({ protectedBy }) => protectedBy !== undefined);
      const ended = await change(`terminate ${name}`, () => edit(name, { sessions: stays }));
      if (!ended.ok) return ended;
      return stays.length === 0
        ? succeed(sessions.length)
        : fail(refusal(`${stays.length} stay on ${name}.`));
    },
    createRole: ({ name }) => change(`role ${name}`, () => succeed(undefined)),
    makeCell: async ({ role, database }) => {
      if (!databases.has(database)) return fail(refusal(`There is no database ${database}.`));
      roles.add(role);
      return succeed({ user: role, password: createSecret('open sesame') });
    },
    judgeGivenCell: async () => succeed([]),
    closeCell: async () => succeed(undefined),
    putBackRights: async () => succeed(undefined),
    dropCell: async ({ role }) => {
      roles.delete(role);
      return succeed(undefined);
    },
    createDatabase: ({ name, comment }) =>
      change(`create ${name}`, () => {
        if (databases.has(name)) return fail(refusal(`Database ${name} exists.`));
        nextOid += 1;
        databases.set(name, { content: 'empty', comment, oid: nextOid });
        return succeed(undefined);
      }),
    dropDatabase: ({ name }) =>
      change(`drop ${name}`, () => {
        databases.delete(name);
        return succeed(undefined);
      }),
    renameDatabases: (renames) =>
      change(`rename ${renames.map(({ from, to }) => `${from} -> ${to}`).join(', ')}`, () => {
        const after = new Map(databases);
        for (const { from, to, oid } of renames) {
          const found = after.get(from);
          if (found === undefined || after.has(to)) return fail(refusal(`${from} cannot become ${to}.`));
          if ((found.sessions?.length ?? 0) > 0 || (found.prepared?.length ?? 0) > 0)
            return fail(refusal(`${from} is in use.`));
          if (oid !== undefined && oid !== oidOf(found)) return fail(refusal(`${from} is another one.`));
          after.delete(from);
          after.set(to, found);
        }
        databases.clear();
        for (const [name, database] of after) databases.set(name, database);
        return succeed(undefined);
      }),
    setConnectionsAllowed: ({ database, allowed }) =>
      change(`${allowed ? 'open' : 'close'} ${database}`, () =>
        edit(database, { allowsConnections: allowed }),
      ),
    carryOverSettings: ({ from, to }) => change(`carry ${from} -> ${to}`, () => succeed(undefined)),
    putDatabaseSettings: async ({ dumped }) =>
      succeed({ done: dumped.statements.length, of: dumped.statements.length, left: [] }),
    tablespaces: async () => succeed([]),
    analyze: async () => succeed(undefined),
    inventory: async (name) => succeed(databases.get(name)?.inventory ?? emptyInventory),
    catalogue: async () => succeed({ serverMajor: 15, sections: [], objects: [] }),
    loginRights: async () => succeed([]),
    readTables: async () => succeed({ user: 'postgres', isTooMighty: true, of: 0, mayRead: 0, tables: [] }),
    contentMark: async (name) =>
      succeed({ changes: 0, catalogue: databases.get(name)?.content ?? 'no such database' }),
    exportSnapshot: async () => fail(refusal('This fake exports no snapshots.')),
    query: async ({ sql, database }) => {
      if (sql.includes('pg_statistic_ext'))
        return succeed(namesOf(databases.get(database)?.inventory ?? emptyInventory));
      const known = [...answers].find(([piece]) => sql.includes(piece));
      return known === undefined ? fail(refusal(`Nobody knows ${sql}.`)) : succeed(known[1]);
    },
    lease: async () => {
      const planned = failures.get('lease');
      failures.delete('lease');
      if (planned !== undefined) return fail(planned);
      return succeed({ release: async () => {}, isHeld: async () => true });
    },
    close: async () => {},
  };
}

/** As long as it lives, whatever it is called. */
function oidOf({ content, oid }: FakeDatabase): number {
  if (oid !== undefined) return oid;
  return [...content].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 16_384);
}

function describe(name: string, found: FakeDatabase | undefined) {
  if (found === undefined) return undefined;
  return {
    name,
    oid: oidOf(found),
    isOurs: true,
    sizeBytes: 412_000_000,
    owner: 'crm',
    encoding: 'UTF8',
    collation: 'C.UTF-8',
    characterType: 'C.UTF-8',
    allowsConnections: found.allowsConnections ?? true,
    settings: [],
    ...(found.comment === undefined ? {} : { comment: found.comment }),
  };
}

function refusal(message: string): Failure {
  return { code: 'conflict', message, remedy: 'Look at the test.', retry: 'after-fix' };
}
