import { shorten } from '../backups/compare-inventories.ts';
import { type Check, couldNotVerify } from '../base/verdict.ts';
import type { OpenedDump } from '../kinds/facts.ts';
import type { CheckContext } from '../kinds/kind.ts';
import { targetServer } from './open-targets.ts';

/**
 * Extensions that the dump makes and whose files the server has not, known before anything is stopped. A server that cannot be asked now is
 * no matter of this: a drill may bring its own, and the step that restores says what is wrong with another.
 */
export async function lackingExtensions(
  context: Pick<CheckContext<'databases'>, 'world' | 'targets'>,
  { extensions = [] }: Pick<OpenedDump, 'extensions'>,
): Promise<readonly Check[]> {
  if (extensions.length === 0) return [];
  const server = targetServer(context);
  const rows = await server.query({
    database: 'postgres',
    sql: 'SELECT name FROM pg_available_extensions',
  });
  if (!rows.ok) return [];
  const there = new Set(rows.value.map(({ name }) => name));
  const lacking = extensions.filter((name) => !there.has(name));
  if (lacking.length === 0) return [];
  return [
    couldNotVerify(
      `the dump makes the extension ${shorten(lacking)}, which the server at ${server.address} does not have`,
      'Install the package that brings it on the host of that server before you begin; what needs it will be missing otherwise.',
    ),
  ];
}
