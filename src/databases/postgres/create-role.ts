import { type Outcome, succeed } from '../../base/failure.ts';
import type { Secret } from '../../base/secret.ts';
import { type ServerContext, withMaintenance } from './session.ts';

/** All or nothing. The statements may hold the hash of a password, so no failure repeats them. */
export function createRole(
  context: ServerContext,
  request: { readonly name: string; readonly statements: readonly Secret[] },
): Promise<Outcome<void>> {
  return withMaintenance(context, {
    doing: `create role ${request.name}`,
    work: async (session) => {
      await session.rows('BEGIN');
      for (const statement of request.statements) await session.rows(statement.reveal());
      await session.rows('COMMIT');
      return succeed(undefined);
    },
  });
}
