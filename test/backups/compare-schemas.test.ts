import { describe, expect, it } from 'vitest';
import { compareSchemas, type SchemaPart } from '../../src/backups/compare-schemas.ts';

const live: readonly SchemaPart[] = [
  { kind: 'schema', name: 'public', definition: '' },
  { kind: 'table', name: 'public.users', definition: '' },
  { kind: 'column', name: 'public.users.id', definition: 'integer not null' },
  { kind: 'column', name: 'public.users.name', definition: 'text' },
  { kind: 'index', name: 'public.users_pkey', definition: 'public.users unique (id)' },
];
const sentences = (restored: readonly SchemaPart[]) =>
  compareSchemas(live, restored).map(({ verdict, text }) => `${verdict}: ${text}`);

describe('two schemas', () => {
  it('are equal whatever their order, and counted by kind', () => {
    expect(sentences([...live].reverse())).toEqual([
      'passed: the schema equals the live database: 1 schema, 1 table, 2 columns, 1 index',
    ]);
  });

  it('differ by what is missing, by what is too much, and by every type', () => {
    const other = live
      .filter(({ kind }) => kind !== 'index')
      .map((part) => (part.name === 'public.users.name' ? { ...part, definition: 'varchar(9)' } : part));
    expect(sentences([...other, { kind: 'table', name: 'public.old', definition: '' }])).toEqual([
      'failed: the schema differs from the live database in 3: column public.users.name is varchar(9) instead of text; index public.users_pkey is missing; table public.old is not in the live database',
    ]);
  });

  it('differ when nothing was restored at all', () => {
    expect(sentences([])[0]).toMatch(/^failed: .* differs from the live database in 5/);
  });
});
