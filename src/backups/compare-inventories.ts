import { formatCount } from '../base/units.ts';
import { against, type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import type { Inventory } from '../ports/database-server.ts';

/** Qualified name: schema.table. */
export function qualifiedName(item: { readonly schema: string; readonly name: string }): string {
  return `${item.schema}.${item.name}`;
}

export type TableDifference = {
  readonly table: string;
  /** undefined: there is no such table. */
  readonly expectedRows?: number | undefined;
  readonly foundRows?: number | undefined;
};

/** Table by table, every schema, both directions. */
export function tableDifferences(
  expected: Inventory['tables'],
  found: Inventory['tables'],
): readonly TableDifference[] {
  const foundRows = new Map(found.map((table) => [qualifiedName(table), table.rows]));
  const expectedRows = new Map(expected.map((table) => [qualifiedName(table), table.rows]));
  const names = [...new Set([...expectedRows.keys(), ...foundRows.keys()])].sort();
  return names
    .filter((name) => expectedRows.get(name) !== foundRows.get(name))
    .map((table) => ({ table, expectedRows: expectedRows.get(table), foundRows: foundRows.get(table) }));
}

export function describeDifference({ table, expectedRows, foundRows }: TableDifference): string {
  if (foundRows === undefined) return `${table} is missing (${formatCount(expectedRows ?? 0)} rows expected)`;
  if (expectedRows === undefined) return `${table} is not expected (${formatCount(foundRows)} rows found)`;
  return `${table} holds ${formatCount(foundRows)} rows instead of ${formatCount(expectedRows)}`;
}

/** A list that stays readable: the first few, and how many more. */
export function shorten(items: readonly string[], most = 5): string {
  const shown = items.slice(0, most).join('; ');
  return items.length > most ? `${shown}; and ${formatCount(items.length - most)} more` : shown;
}

/** Exact comparison with what the producer wrote down. */
export function compareWithManifest(expected: Inventory, found: Inventory): readonly Check[] {
  const differences = tableDifferences(expected.tables, found.tables);
  const rows = found.tables.reduce((sum, table) => sum + table.rows, 0);
  const remedy =
    'Do not go on with this snapshot; choose another one, or find out what was left out of the dump.';
  return [
    ...against('manifest', [
      differences.length === 0
        ? passed(
            `${found.tables.length} of ${expected.tables.length} tables equal to the manifest, ${formatCount(rows)} rows`,
          )
        : failed(
            `${differences.length} tables differ from the manifest: ${shorten(differences.map(describeDifference))}`,
            remedy,
          ),
      // A manifest that lists none says nothing about them, and what nobody compared is not shown as compared.
      ...compareNewest(expected.tables, found.tables, remedy),
      ...(expected.sequences.length > 0 ? [compareSequences({ expected, found, remedy })] : []),
    ]),
    // Another version of an extension is a doubt of its own, whatever is asked to be proven.
    ...(expected.extensions.length > 0 ? [compareExtensions({ expected, found, remedy })] : []),
  ];
}

type Comparison = { readonly expected: Inventory; readonly found: Inventory; readonly remedy: string };

/** The newest row of each table, where a column tells: the same number of rows may still be other rows. */
function compareNewest(
  expected: Inventory['tables'],
  ...[found, remedy]: [Inventory['tables'], string]
): readonly Check[] {
  const dated = expected.flatMap((table) =>
    table.newest === undefined ? [] : [{ name: qualifiedName(table), ...table.newest }],
  );
  if (dated.length === 0) return [];
  const newest = new Map(found.map((table) => [qualifiedName(table), table.newest]));
  const comparable = dated.filter(({ name, column }) => newest.get(name)?.column === column);
  const wrong = comparable.filter(({ name, at }) => newest.get(name)?.at !== at);
  const words = (at: string | null | undefined) => at ?? 'none';
  if (wrong.length > 0) {
    return [
      failed(
        `the newest row differs in ${wrong.length} tables: ${shorten(wrong.map(({ name, column, at }) => `${name} has ${column} ${words(newest.get(name)?.at)} instead of ${words(at)}`))}`,
        remedy,
      ),
    ];
  }
  return comparable.length === 0
    ? []
    : [passed(`the newest rows of ${comparable.length} tables are those of the manifest`)];
}

/**
 * Sequences are outside of every transaction, so a dump taken under writers may hold one that is a little further on than the
 * count beside it: that only leaves a gap. One that stands behind would hand out numbers twice.
 */
function compareSequences({ expected, found, remedy }: Comparison): Check {
  const values = new Map(found.sequences.map((sequence) => [qualifiedName(sequence), sequence.lastValue]));
  const moved = expected.sequences.filter(
    (sequence) => values.get(qualifiedName(sequence)) !== sequence.lastValue,
  );
  const wrong = moved.filter(
    (sequence) => !isFurtherOn(values.get(qualifiedName(sequence)), sequence.lastValue),
  );
  if (wrong.length > 0) {
    const words = wrong.map(
      (one) =>
        `${qualifiedName(one)} stands at ${values.get(qualifiedName(one)) ?? 'nothing'} instead of ${one.lastValue ?? 'unused'}`,
    );
    return failed(`${wrong.length} sequences stand behind: ${shorten(words)}`, remedy);
  }
  const gap =
    moved.length === 0 ? '' : `, ${moved.length} of them further on, which leaves a gap and no harm`;
  return passed(`${expected.sequences.length} sequences stand where they stood${gap}`);
}

function isFurtherOn(found: string | null | undefined, expected: string | null): boolean {
  if (found === null || found === undefined) return false;
  return expected === null || BigInt(found) > BigInt(expected);
}

function compareExtensions({ expected, found, remedy }: Comparison): Check {
  const names = new Set(found.extensions.map((extension) => extension.name));
  const missing = expected.extensions.filter((extension) => !names.has(extension.name));
  const versions = new Map(found.extensions.map(({ name, version }) => [name, version]));
  const other = expected.extensions.filter(({ name, version }) => versions.get(name) !== version);
  // pg_dump names extensions without their versions: the server installs its own.
  if (missing.length === 0 && other.length > 0) {
    return couldNotVerify(
      `${expected.extensions.length} extensions are there, ${other.length} in another version: ${shorten(other.map(({ name, version }) => `${name} ${versions.get(name)} instead of ${version}`))}`,
      'Try what depends on them; ALTER EXTENSION … UPDATE brings a newer version.',
    );
  }
  if (missing.length === 0) return passed(`${expected.extensions.length} extensions are there`);
  return failed(`extensions are missing: ${missing.map((extension) => extension.name).join(', ')}`, remedy);
}
