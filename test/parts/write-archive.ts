const int = (value: number) => {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
};
const text = (value: string | null) =>
  value === null ? int(-1) : Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);

export type ArchivedEntry = {
  readonly type: string;
  readonly schema: string;
  readonly name: string;
  readonly definition?: string;
  readonly dependencies?: readonly number[];
};

/** As WriteHead and WriteToc of PostgreSQL's pg_backup_archiver.c write it. 14 is PostgreSQL 12 to 15, 15 is 16, 16 is 17 and 18. */
export function writeArchive(minor: number, entries: readonly ArchivedEntry[]): Buffer {
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
