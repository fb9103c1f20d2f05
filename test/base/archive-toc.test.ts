import { describe, expect, it } from 'vitest';
import { readArchiveToc } from '../../src/base/archive-toc.ts';

const int = (value: number) => {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
};
const text = (value: string | null) =>
  value === null ? int(-1) : Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);

type Entry = {
  readonly type: string;
  readonly schema: string;
  readonly name: string;
  readonly definition?: string;
  readonly dependencies?: readonly number[];
};

/** As WriteHead and WriteToc of PostgreSQL's pg_backup_archiver.c write it. 14 is PostgreSQL 12 to 15, 15 is 16, 16 is 17 and 18. */
function archive(minor: number, entries: readonly Entry[]): Buffer {
  return Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([1, minor, 0, 4, 8, 1]),
    minor >= 15 ? Buffer.from([0]) : int(0),
    ...[31, 7, 14, 28, 3, 126, 0].map(int),
    ...['crm', '17.2', '17.2'].map(text),
    int(entries.length),
    ...entries.map((entry, index) =>
      Buffer.concat([
        ...[index + 1, 1].map(int),
        ...['1259', '16385', entry.name, entry.type].map(text),
        int(3),
        ...[entry.definition ?? '', null, null, entry.schema, null].map(text),
        ...(minor >= 14 ? [text('heap')] : []),
        ...(minor >= 16 ? [int('r'.charCodeAt(0))] : []),
        ...['crm', 'false'].map(text),
        ...(entry.dependencies ?? []).map((id) => text(String(id))),
        text(null),
        Buffer.alloc(9),
      ]),
    ),
    Buffer.from('the rows'),
  ]);
}

const entries: readonly Entry[] = [
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
      const toc = readArchiveToc(archive(minor, entries));
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
    const whole = archive(16, entries);
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
    expect(readArchiveToc(archive(17, entries))).toMatchObject({ ok: true, value: { contents: undefined } });
  });
});
