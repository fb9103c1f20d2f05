import fc from 'fast-check';
import { sqlName, sqlText } from '../../../src/base/quoting.ts';

/** Schemas and rows that nobody thought of: what is in them is drawn, and every statement is one that PostgreSQL takes. */

const names = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9_]{0,11}$/),
  fc
    .string({ minLength: 1, maxLength: 12 })
    .filter((name) => !/\p{Cc}/u.test(name) && !name.startsWith('pg_')),
  fc.constantFrom('Open Jobs, 2026', 'a.b', '"quoted"', "it's", 'ÄÖÜ', 'select', '[x]', 'back\\slash'),
);

type Column = { readonly name: string; readonly type: string; readonly more: string };
type Table = {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly features: readonly string[];
};

const texts = fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\0', ''));

/** What a type may hold, as text that its input function takes. */
const types: readonly {
  readonly type: string;
  readonly value: fc.Arbitrary<string>;
  readonly usual: string;
}[] = [
  { type: 'text', value: texts, usual: "'a; b'" },
  { type: 'varchar(40)', value: texts.map((text) => [...text].slice(0, 20).join('')), usual: "'x'" },
  { type: 'int', value: fc.integer().map(String), usual: '7' },
  { type: 'bigint', value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String), usual: '-1' },
  { type: 'numeric(20,5)', value: fc.integer().map((n) => `${n}.5`), usual: '0.1' },
  {
    type: 'float8',
    value: fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.constantFrom('NaN', '-Infinity'),
    ),
    usual: "'1e-7'",
  },
  { type: 'bool', value: fc.boolean().map(String), usual: 'true' },
  {
    type: 'bytea',
    value: fc.uint8Array({ maxLength: 30 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`),
    usual: "'\\x00ff'",
  },
  {
    type: 'timestamptz',
    value: fc.oneof(
      fc.integer({ min: 0, max: 4_000_000_000 }).map((s) => new Date(s * 1000).toISOString()),
      fc.constantFrom('infinity', '0044-03-15 00:00:00+00 BC'),
    ),
    usual: 'now()',
  },
  { type: 'date', value: fc.constantFrom('2026-02-28', 'infinity', '4713-01-01 BC'), usual: 'CURRENT_DATE' },
  { type: 'jsonb', value: fc.json().filter((json) => !json.includes('\\u0000')), usual: "'{}'" },
  {
    type: 'text[]',
    value: fc
      .array(fc.stringMatching(/^[a-z ]{1,5}$/))
      .map((all) => `{${all.map((one) => `"${one}"`).join(',')}}`),
    usual: "'{}'",
  },
  { type: 'uuid', value: fc.uuid(), usual: 'gen_random_uuid()' },
  { type: 'inet', value: fc.ipV4(), usual: "'::1'" },
  { type: 'odd.mood', value: fc.constantFrom('fine', 'so, so', "it's"), usual: "'fine'" },
  { type: 'odd.cents', value: fc.nat(1000).map((n) => String(n + 1)), usual: '5' },
  { type: 'interval', value: fc.nat(100_000).map((n) => `${n} seconds`), usual: "'1 day'" },
];

const column = fc.record({
  name: names,
  type: fc.constantFrom(...types),
  wants: fc.constantFrom('', 'default', 'not null'),
});

const features = [
  'index',
  'partial index',
  'check',
  'generated',
  'identity',
  'view',
  'matview',
  'trigger',
  'policy',
];
const moreFeatures = [
  'comment',
  'grant',
  'rule',
  'statistics',
  'partitioned',
  'child',
  'sequence',
  'foreign key',
];

const table: fc.Arbitrary<Table> = fc
  .tuple(
    names,
    fc.uniqueArray(column, { minLength: 1, maxLength: 6, selector: ({ name }) => name }),
    fc.subarray([...features, ...moreFeatures]),
    fc.nat(12),
  )
  .chain(([name, wanted, chosen, count]) => {
    const columns = wanted.map(({ name: called, type, wants }) => ({
      name: called,
      type: type.type,
      more: wants === 'default' ? `DEFAULT ${type.usual}` : wants === 'not null' ? 'NOT NULL' : '',
    }));
    const value = (place: number) => {
      const arbitrary = wanted[place]?.type.value ?? fc.constant('');
      return columns[place]?.more === 'NOT NULL' ? arbitrary : fc.option(arbitrary, { nil: null, freq: 6 });
    };
    const row = fc.tuple(...wanted.map((_, place) => value(place)));
    return fc
      .array(row, { minLength: count, maxLength: count })
      .map((rows) => ({ name, columns, rows, features: chosen }));
  });

export const randomSchema: fc.Arbitrary<readonly Table[]> = fc.uniqueArray(table, {
  minLength: 1,
  maxLength: 4,
  // Names of what comes with a table are made of it, and cut at 63 bytes.
  selector: ({ name }) => name,
});

/** As the owner of everything, in one session. */
export function statementsOf(
  tables: readonly Table[],
  { owner, reader }: { readonly owner: string; readonly reader: string },
): readonly string[] {
  return [
    `SET ROLE ${owner}`,
    'CREATE SCHEMA odd',
    `GRANT USAGE ON SCHEMA odd TO ${reader}`,
    `CREATE TYPE odd.mood AS ENUM ('fine', 'so, so', 'it''s')`,
    'CREATE DOMAIN odd.cents AS int DEFAULT 1 CHECK (VALUE > 0)',
    `CREATE FUNCTION odd.double(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2'`,
    `CREATE FUNCTION odd.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; /* ; ' " */ END $$`,
    ...tables.flatMap((one, index) => tableStatements(one, { index, reader })),
    'RESET ROLE',
  ];
}

function tableStatements(
  { name, columns, rows, features: chosen }: Table,
  { index, reader }: { readonly index: number; readonly reader: string },
): readonly string[] {
  const target = `odd.${sqlName(name)}`;
  const has = (feature: string) => chosen.includes(feature);
  const first = sqlName(columns[0]?.name ?? '');
  const own = (what: string) => `odd."${what} ${index}"`;
  const key = `"key of ${index}" int ${has('identity') ? 'GENERATED BY DEFAULT AS IDENTITY (START 5)' : 'NOT NULL DEFAULT 1'}`;
  const made = columns.map((column) => `${sqlName(column.name)} ${column.type} ${column.more}`);
  const twice = `"twice of ${index}" int GENERATED ALWAYS AS (odd.double("plain of ${index}")) STORED`;
  const extra = [
    key,
    `"plain of ${index}" int${has('check') ? ` CHECK ("plain of ${index}" IN (1, 2, 3))` : ''}`,
    ...(has('generated') ? [twice] : []),
  ];
  const rowName = (place: number) =>
    `(${[...columns.map(({ name: column }) => sqlName(column)), `"key of ${index}"`, `"plain of ${index}"`].join(', ')}) VALUES (${[
      ...(rows[place] ?? []).map((value) => (value === null ? 'NULL' : sqlText(value))),
      String(place + 1),
      String((place % 3) + 1),
    ].join(', ')})`;
  const partition = has('partitioned') ? ` PARTITION BY HASH ("key of ${index}")` : '';
  const optional: readonly (readonly [string, string])[] = [
    ['index', `CREATE INDEX ON ${target} ("plain of ${index}" DESC NULLS LAST, "key of ${index}")`],
    [
      'partial index',
      `CREATE INDEX ON ${target} ((odd.double("plain of ${index}"))) WHERE "plain of ${index}" > 1`,
    ],
    [
      'view',
      `CREATE VIEW ${own('view')} AS SELECT t.${first}, count(*) OVER () AS "all" FROM ${target} t WHERE t."plain of ${index}" < 3`,
    ],
    [
      'trigger',
      `CREATE TRIGGER "keep; it" BEFORE INSERT OR UPDATE ON ${target} FOR EACH ROW EXECUTE FUNCTION odd.keep()`,
    ],
    ['policy', `CREATE POLICY "own's" ON ${target} TO ${reader} USING ("plain of ${index}" = 1)`],
    ['policy', `ALTER TABLE ${target} ENABLE ROW LEVEL SECURITY`],
    ['comment', `COMMENT ON TABLE ${target} IS ${sqlText(`of ${name}; -- \\ '\n`)}`],
    ['grant', `GRANT SELECT, INSERT ON ${target} TO ${reader}`],
    ['grant', `GRANT UPDATE (${first}) ON ${target} TO ${reader} WITH GRANT OPTION`],
    [
      'statistics',
      `CREATE STATISTICS ${own('together')} ON "plain of ${index}", "key of ${index}" FROM ${target}`,
    ],
    [
      'rule',
      `CREATE RULE "no; one" AS ON DELETE TO ${target} WHERE old."plain of ${index}" = 9 DO INSTEAD NOTHING`,
    ],
    [
      'child',
      has('partitioned')
        ? 'SELECT 1'
        : `CREATE TABLE ${own('child')} (more text DEFAULT 'm') INHERITS (${target})`,
    ],
    [
      'child',
      has('partitioned')
        ? 'SELECT 1'
        : `INSERT INTO ${own('child')} (more, "key of ${index}") SELECT NULL, 0 WHERE ${columns.every(({ more }) => more !== 'NOT NULL')}`,
    ],
    ['sequence', `CREATE SEQUENCE ${own('tickets')} INCREMENT 3 CYCLE MAXVALUE 99`],
    ['sequence', `SELECT nextval('${own('tickets')}')`],
    [
      'foreign key',
      `CREATE TABLE ${own('lines')} (of int REFERENCES ${target} ON DELETE CASCADE DEFERRABLE)`,
    ],
    // A key of a child is none of the table itself.
    [
      'foreign key',
      `INSERT INTO ${own('lines')} SELECT "key of ${index}" FROM ${has('partitioned') ? '' : 'ONLY '}${target} LIMIT 3`,
    ],
    // Last: what is seen in it is refreshed by a restore.
    [
      'matview',
      `CREATE MATERIALIZED VIEW ${own('seen')} AS SELECT "plain of ${index}", count(*) AS n FROM ${target} GROUP BY 1`,
    ],
  ];
  return [
    `CREATE TABLE ${target} (${[...made, ...extra].join(', ')}, PRIMARY KEY ("key of ${index}"))${partition}`,
    ...(has('partitioned')
      ? [0, 1].map(
          (rest) =>
            `CREATE TABLE ${own(`part ${rest} of`)} PARTITION OF ${target} FOR VALUES WITH (MODULUS 2, REMAINDER ${rest})`,
        )
      : []),
    ...rows.map((_, place) => `INSERT INTO ${target} ${rowName(place)}`),
    ...optional.flatMap(([feature, statement]) => (has(feature) ? [statement] : [])),
  ];
}
