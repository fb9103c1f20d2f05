const int = (value: number) => {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
};
const text = (value: string) => Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);

/** The head of a pg_dump archive in custom format, and a little content. Minor 14 is PostgreSQL 12 to 15, 15 is 16. */
export function archiveBytes(minor = 14, server = '15.18'): Buffer {
  return Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([1, minor, 0, 4, 8, 1]),
    minor >= 15 ? Buffer.from([1]) : int(-1),
    ...[31, 7, 14, 28, 3, 126, 0].map(int),
    text('crm'),
    text(server),
    text('15.18'),
    int(412),
    Buffer.from('the tables, the rows, all of it'),
  ]);
}
