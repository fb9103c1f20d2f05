import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The comment that makes room: statements are put into its place, padded to its length. */
const room = `room for a statement ${'.'.repeat(4000)}`;

/**
 * An archive in custom format whose table of contents was changed by somebody who cannot reach the database, and knows how pg_dump
 * writes: the entry of one comment holds other statements. pg_restore runs them as it finds them.
 *
 * @param from a superuser's way to the database that is dumped; it has a table public.orders.
 */
export async function forgeArchive(from: {
  readonly binFolder: string;
  readonly url: string;
  readonly sql: (statement: string) => Promise<unknown>;
  readonly statements: string;
}): Promise<Buffer> {
  await from.sql(`COMMENT ON TABLE public.orders IS '${room}'`);
  const program = join(from.binFolder, 'pg_dump');
  const bytes = execFileSync(program, ['--format=custom', '--compress=0', from.url], { maxBuffer: 1e8 });
  await from.sql('COMMENT ON TABLE public.orders IS NULL');
  const at = bytes.indexOf(room);
  const start = bytes.lastIndexOf('COMMENT ON ', at);
  const end = bytes.indexOf("';", at) + 2;
  const statement = Buffer.from(from.statements.padEnd(end - start, ' '));
  if (at < 0 || statement.length !== end - start)
    throw new Error('There is not enough room for these statements');
  statement.copy(bytes, start);
  return bytes;
}
