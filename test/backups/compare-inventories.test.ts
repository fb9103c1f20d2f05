import { describe, expect, it } from 'vitest';
import {
  compareWithManifest,
  describeDifference,
  shorten,
  tableDifferences,
} from '../../src/backups/compare-inventories.ts';
import type { Inventory } from '../../src/ports/database-server.ts';

const table = (name: string, rows: number, schema = 'public') => ({ schema, name, rows });
const whole: Inventory = {
  tables: [table('clients', 1200), table('receipts', 5004), table('log', 0, 'audit')],
  sequences: [{ schema: 'public', name: 'clients_id_seq', lastValue: '1200' }],
  extensions: [{ name: 'pgcrypto', version: '1.3' }],
};
const words = (found: Inventory) =>
  compareWithManifest(whole, found).map(({ verdict, text }) => `${verdict}: ${text}`);

describe('what was restored against what the producer counted', () => {
  it('passes when everything is equal', () => {
    expect(words(whole)).toEqual([
      'passed: 3 of 3 tables equal to the manifest, 6,204 rows',
      'passed: 1 sequences stand where they stood',
      'passed: 1 extensions are there',
    ]);
  });

  it('finds missing, unexpected, shorter and longer tables, in every schema', () => {
    const found = { ...whole, tables: [table('clients', 1199), table('receipts', 5005), table('new', 7)] };
    expect(tableDifferences(whole.tables, found.tables).map(describeDifference)).toEqual([
      'audit.log is missing (0 rows expected)',
      'public.clients holds 1,199 rows instead of 1,200',
      'public.new is not expected (7 rows found)',
      'public.receipts holds 5,005 rows instead of 5,004',
    ]);
    expect(words(found)[0]).toMatch(/^failed: 4 tables differ/);
  });

  it('fails for a sequence that stands behind or is gone, since it would hand out numbers twice', () => {
    const behind = { ...whole, sequences: [{ schema: 'public', name: 'clients_id_seq', lastValue: '999' }] };
    expect(words(behind)[1]).toBe(
      'failed: 1 sequences stand behind: public.clients_id_seq stands at 999 instead of 1200',
    );
    expect(words({ ...whole, sequences: [] })[1]).toMatch(/^failed/);
  });

  it('lets a sequence be further on: the dump was read under writers', () => {
    const ahead = {
      ...whole,
      sequences: [{ schema: 'public', name: 'clients_id_seq', lastValue: '10000000000000000001' }],
    };
    expect(words(ahead)[1]).toMatch(/^passed: .*1 of them further on/);
  });

  it('fails for a missing extension, not for another version of one', () => {
    expect(words({ ...whole, extensions: [] })[2]).toBe('failed: extensions are missing: pgcrypto');
    expect(words({ ...whole, extensions: [{ name: 'pgcrypto', version: '1.4' }] })[2]).not.toMatch(/^failed/);
  });

  it('keeps long lists readable', () => {
    expect(shorten(['a', 'b', 'c', 'd', 'e'])).toBe('a; b; c; d; e');
    expect(shorten(['a', 'b', 'c'], 2)).toBe('a; b; and 1 more');
  });
});
