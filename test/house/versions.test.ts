import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crossings, formats, isRefused, isTried, older } from '../../scripts/crossings.ts';

const page = readFileSync(new URL('../../docs/versions.md', import.meta.url), 'utf8');

const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim()),
  );

const majorOf = (cell = '') => Number.parseInt(cell, 10);

describe('docs/versions.md (otherwise: npm run test:versions && npm run versions)', () => {
  it('has a row of each crossing that is asked for, with the exact versions and the outcome of each format', () => {
    const found = rows
      .filter((row) => row.slice(0, 4).every((cell) => /^\d+\.\d+$/.test(cell)))
      .map((row) => [...row.slice(0, 4).map(majorOf), ...row.slice(4, 4 + formats.length)]);
    const asked = crossings.map((crossing) => [
      ...[crossing.source, crossing.dump, crossing.restore, crossing.target],
      ...formats.map((format) => {
        if (!isTried(crossing, format)) return '–';
        return isRefused(crossing, format) ? 'refused' : 'equal';
      }),
    ]);
    expect(found).toEqual(asked);
    expect(asked.length).toBeGreaterThan(40);
  });

  it.each([
    'a `pg_restore` older than the `pg_dump`',
    'a server older than the dump',
    'a `pg_dump` older than the server',
  ])('says in which words %s is refused, and what to install', (what) => {
    const found = rows.filter(([first]) => first === what);
    const pairs = found.map(([, newer, old]) => [majorOf(newer), majorOf(old)]);
    expect(pairs).toEqual(older.map((pair) => [pair.newer, pair.older]));
    for (const [, , , words] of found) expect(words).toMatch(/postgresql-(?:client-)?\d+/);
  });
});
