import { type Cell, type Crossing, crossings, type Evidence, formats, type Refusal } from './crossings.ts';

/** docs/versions.md, from what the last whole `npm run test:versions` found. */
export function renderVersions({ builds, cells, refusals }: Evidence): string {
  const exact = new Map(builds.map(({ major, version }) => [major, version]));
  const say = (major: number) => exact.get(major) ?? '?';
  return [
    '<!-- Written by `npm run versions` from the results of `npm run test:versions`. -->',
    '# Which version of PostgreSQL restores into which',
    '',
    'Three versions, from each to each that is not older. A small database with something of most kinds of objects (partitions, inheritance, identity, generated',
    'columns, enums, domains, composite types, an extension, functions with named and OUT arguments, a procedure, an aggregate, triggers, rules, views, a',
    'materialized view, expression, partial, GIN and GiST indexes, an exclusion constraint, policies, extended statistics, a text search configuration, a large object,',
    'owners, grants, default privileges, comments; on 18 a virtual generated column, a constraint NOT VALID on NOT NULL, and WITHOUT OVERLAPS) was dumped on one server with',
    '`pg_dump` of each version that can, in each format, and restored into another server by `thaw restore`, with the programs of each version.',
    '',
    '- *equal*: the run ended without a check that failed; a step before the database had acted. The rows of every table, materialized view and large object, and the',
    `  last value of every sequence, have the same digests as in the source; and one \`pg_dump --schema-only\` (of ${say(Math.max(...exact.keys()))}) writes the same lines of both.`,
    '- *refused*: the run ended with status 3. The step before the database had not acted, and the server had the same databases and roles as before.',
    '- –: not tried. How a tar or a directory is read depends on `pg_dump` and `pg_restore`, and not on the servers: each pair is tried once, into the newest. A plain dump of the',
    '  source’s own `pg_dump` is run by each `psql`, one of a newer `pg_dump` by that of its version and that of the source.',
    '',
    ...table(
      ['major', 'programs and server', 'ICU'],
      builds.map(({ major, version, hasIcu }) => [major, version, hasIcu ? 'with' : 'without']),
    ),
    '',
    'Where both servers are built with ICU, the database has ICU collations, too.',
    '',
    '## Each crossing',
    '',
    ...table(
      ['dumped server', '`pg_dump`', '`pg_restore`, `psql`', 'server restored into', ...formats, 'compared'],
      crossings.map((crossing) => rowOf(crossing, { cells, say })),
    ),
    '',
    '## What is refused, in which words',
    '',
    'A server older than the dump: in each of the four formats, here in the words of the custom one.',
    '',
    ...table(
      ['what', 'newer', 'older', 'words'],
      [...archives(cells), ...refusals].map(({ what, newer, older, words }) => [
        what,
        say(newer),
        say(older),
        words.replaceAll('|', '\\|'),
      ]),
    ),
    '',
  ].join('\n');
}

type Cells = readonly (string | number)[];

function table(head: readonly string[], rows: readonly Cells[]): readonly string[] {
  const line = (row: Cells) => `| ${row.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function rowOf(
  crossing: Crossing,
  { cells, say }: { readonly cells: readonly Cell[]; readonly say: (major: number) => string },
): Cells {
  const { source, dump, restore, target } = crossing;
  const own = cells.filter(
    (cell) =>
      cell.source === source && cell.dump === dump && cell.restore === restore && cell.target === target,
  );
  const found = new Set(own.filter(({ outcome }) => outcome === 'equal').map(({ words }) => words));
  return [
    ...[source, dump, restore, target].map(say),
    ...formats.map((format) => own.find((cell) => cell.format === format)?.outcome ?? '–'),
    [...found].join('; '),
  ];
}

type Refused = Omit<Refusal, 'what'> & { readonly what: string };

/** Of each pair once: where it is restored into does not matter. */
function archives(cells: readonly Cell[]): readonly Refused[] {
  const pairs = new Map<string, Refused>();
  for (const { outcome, dump, restore, words } of cells) {
    if (outcome !== 'refused') continue;
    const what = 'a `pg_restore` older than the `pg_dump`';
    pairs.set(`${dump} ${restore}`, { what, newer: dump, older: restore, words });
  }
  return [...pairs.values()].toSorted((a, b) => a.newer - b.newer || a.older - b.older);
}
