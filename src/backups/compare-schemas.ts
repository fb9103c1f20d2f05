import { formatCount } from '../base/units.ts';
import { type Check, failed, passed } from '../base/verdict.ts';
import { shorten } from './compare-inventories.ts';

/** One thing a schema is made of: a table, a column with its type, an index with its columns. */
export type SchemaPart = { readonly kind: string; readonly name: string; readonly definition: string };

const plurals: Readonly<Record<string, string>> = { index: 'indexes' };

/** Part by part, in both directions, by name: the order of columns does not count. */
export function compareSchemas(
  live: readonly SchemaPart[],
  restored: readonly SchemaPart[],
): readonly Check[] {
  const [expected, found] = [byName(live), byName(restored)];
  const differences = [...new Set([...expected.keys(), ...found.keys()])].sort().flatMap((name) => {
    const [wanted, got] = [expected.get(name), found.get(name)];
    if (got === undefined) return [`${name} is missing`];
    if (wanted === undefined) return [`${name} is not in the live database`];
    if (wanted === got) return [];
    return [`${name} is ${got || 'nothing'} instead of ${wanted || 'nothing'}`];
  });
  if (differences.length === 0) return [passed(`the schema equals the live database: ${countKinds(live)}`)];
  return [
    failed(
      `the schema differs from the live database in ${formatCount(differences.length)}: ${shorten(differences, 12)}`,
      'Take a schema dump after each migration; where there was none, find out who changed the live schema.',
    ),
  ];
}

function byName(parts: readonly SchemaPart[]): ReadonlyMap<string, string> {
  return new Map(parts.map(({ kind, name, definition }) => [`${kind} ${name}`, definition]));
}

function countKinds(parts: readonly SchemaPart[]): string {
  const kinds = [...new Set(parts.map(({ kind }) => kind))];
  const counts = kinds.map((kind) => {
    const count = parts.filter((part) => part.kind === kind).length;
    return `${formatCount(count)} ${count === 1 ? kind : (plurals[kind] ?? `${kind}s`)}`;
  });
  return counts.join(', ');
}
