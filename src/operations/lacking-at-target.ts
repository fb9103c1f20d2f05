import { shorten } from '../backups/compare-inventories.ts';
import { shellWord } from '../base/quoting.ts';
import { type Check, couldNotVerify } from '../base/verdict.ts';
import type { OpenedDump } from '../kinds/dump-facts.ts';
import type { CheckContext } from '../kinds/kind.ts';
import { targetServer } from './open-targets.ts';

/**
 * What the dump needs of the server beside itself, known before anything is stopped. A server that cannot be asked now is no matter of this: a
 * drill may bring its own, and the step that restores says what is wrong with another.
 */

type Reach = Pick<CheckContext<'databases'>, 'world' | 'targets'>;

/** Extensions that the dump makes and whose files the server has not. */
export async function lackingExtensions(
  context: Reach,
  { extensions = [] }: Pick<OpenedDump, 'extensions'>,
): Promise<readonly Check[]> {
  const lacking = await namesLacking(context, {
    names: extensions,
    sql: 'SELECT name FROM pg_available_extensions',
  });
  if (lacking.length === 0) return [];
  return [
    couldNotVerify(
      `the dump makes the extension ${shorten(lacking)}, which the server at ${targetServer(context).address} does not have`,
      'Install the package that brings it on the host of that server before you begin; what needs it will be missing otherwise.',
    ),
  ];
}

/** Roles that own what the dump makes, and that nothing will make: a dump of one database holds none, and a new server has one. */
export async function lackingRoles(
  context: Reach & Pick<CheckContext, 'mode' | 'steps'>,
  { owners = [] }: Pick<OpenedDump, 'owners'>,
): Promise<readonly Check[]> {
  // The roles of a drill are of its trial; a step of the walk may make those of production.
  if (context.mode !== 'live' || context.steps.some(({ kind }) => kind === 'restore-roles')) return [];
  const lacking = await namesLacking(context, { names: owners, sql: 'SELECT rolname AS name FROM pg_roles' });
  if (lacking.length === 0) return [];
  const [first = ''] = lacking;
  return [
    couldNotVerify(
      `what the dump holds belongs to ${shorten(lacking)}, which the server at ${targetServer(context).address} does not have as a role`,
      `Make it before you begin, with the password that the application has (createuser --pwprompt ${shellWord(first)}), or let a step restore-roles make it where a dump of the roles (pg_dumpall --globals-only) lies beside; what belongs to it is given to another role otherwise.`,
    ),
  ];
}

async function namesLacking(
  context: Reach,
  { names, sql }: { readonly names: readonly string[]; readonly sql: string },
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const rows = await targetServer(context).query({ database: 'postgres', sql });
  if (!rows.ok) return [];
  const there = new Set(rows.value.map(({ name }) => name));
  return names.filter((name) => !there.has(name));
}
