import { type Outcome, succeed } from '../../base/failure.ts';
import type { QueryRequest } from '../../ports/database-server.ts';
import { type Row, type ServerContext, usualLimitMs, withSession } from './session.ts';

/** Short enough for a failure's sentence; the whole statement stands in the runbook. */
const shownLength = 80;

/** A statement of the runbook, in a transaction that may only read. */
export function runReadQuery(
  context: ServerContext,
  request: QueryRequest,
): Promise<Outcome<readonly Row[]>> {
  const oneLine = request.sql.replace(/\s+/g, ' ').trim();
  const shown = oneLine.length <= shownLength ? oneLine : `${oneLine.slice(0, shownLength)}…`;
  return withSession(context, {
    database: request.database,
    doing: `run “${shown}” in database ${request.database}`,
    limitMs: request.limitMs ?? usualLimitMs,
    ownSearchPath: true,
    work: async (session) => {
      await session.rows('BEGIN READ ONLY');
      // One statement only: `COMMIT; DROP TABLE …` is refused as a syntax error.
      const rows = await session.oneStatement(request.sql, request.values ?? []);
      await session.rows('ROLLBACK');
      return succeed(rows);
    },
  });
}
