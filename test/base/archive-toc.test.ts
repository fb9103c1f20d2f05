import { describe, expect, it } from 'vitest';
import { readArchiveToc } from '../../src/base/archive-toc.ts';
import { type ArchivedEntry, writeArchive } from '../parts/write-archive.ts';

const entries: readonly ArchivedEntry[] = [
  {
    type: 'TABLE',
    schema: 'public',
    name: 'clients',
    definition: 'CREATE TABLE public.clients ();',
    dependencies: [1, 2, 200],
  },
  { type: 'TABLE DATA', schema: 'public', name: 'clients', dependencies: [7] },
  { type: 'TABLE DATA', schema: 'tenant_x', name: 'o\'rders "ä"' },
  {
    type: 'SEQUENCE SET',
    schema: 'public',
    name: 'id_seq',
    definition: "SELECT pg_catalog.setval('public.id_seq', 57, true);\n",
  },
  {
    type: 'SEQUENCE SET',
    schema: 'public',
    name: 'never',
    definition: "SELECT pg_catalog.setval('public.never', 1, false);\n",
  },
  {
    type: 'SEQUENCE SET',
    schema: 'public',
    name: 'down',
    definition: "SELECT pg_catalog.setval('public.down', -9223372036854775808, true);\n",
  },
];

describe('the table of contents of an archive', () => {
  it.each([13, 14, 15, 16])(
    'of version 1.%i names tables with rows, and the exact values of sequences',
    (minor) => {
      const toc = readArchiveToc(writeArchive(minor, entries));
      expect(toc).toMatchObject({
        ok: true,
        value: {
          header: { archiveVersion: `1.${minor}`, entryCount: entries.length },
          contents: {
            tablesMade: 1,
            tables: [
              { schema: 'public', name: 'clients' },
              { schema: 'tenant_x', name: 'o\'rders "ä"' },
            ],
            sequences: [
              { schema: 'public', name: 'id_seq', lastValue: '57' },
              { schema: 'public', name: 'never', lastValue: null },
              { schema: 'public', name: 'down', lastValue: '-9223372036854775808' },
            ],
          },
        },
      });
    },
  );

  it('asks for more wherever it is cut off behind the header', () => {
    const whole = writeArchive(16, entries);
    const tocEnds = whole.length - 'the rows'.length;
    for (let length = 90; length < tocEnds; length += 1) {
      expect(readArchiveToc(whole.subarray(0, length)), `${length} bytes`).toEqual({
        ok: true,
        value: undefined,
      });
    }
    expect(readArchiveToc(whole.subarray(0, tocEnds))).toMatchObject({ value: { contents: {} } });
  });

  it('of a newer version than we know is left alone', () => {
    expect(readArchiveToc(writeArchive(17, entries))).toMatchObject({
      ok: true,
      value: { contents: undefined },
    });
  });
});
