import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import type { Recovered } from '../../kinds/cluster-facts.ts';
import type { StepContext, StepOf } from '../../kinds/kind.ts';
import { targetServer } from '../../operations/open-targets.ts';
import type { DatabaseServer } from '../../ports/database-server.ts';
import type { recoverClusterKind } from './kind.ts';

type Question = StepOf<typeof recoverClusterKind>['queries'][number];
type Asked = Recovered['queries'][number];

/** A query that waits for a lock waits for ever while replay is paused; this long tells it from a slow one well enough. */
const lockedLimitMs = 3000;

/**
 * Replay takes the locks of the transactions it replays. One that had not committed at the chosen moment, the very TRUNCATE that is
 * to be undone, keeps its tables locked until the cluster is promoted.
 */
const lockedSql = `SELECT string_agg(DISTINCT relation::regclass::text, ', ') AS tables FROM pg_locks
  WHERE mode = 'AccessExclusiveLock' AND granted AND relation IS NOT NULL
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND pid IN (SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup')`;

/** The runbook's questions, put to the recovered cluster. */
export async function askQuestions(
  context: StepContext<'databases'>,
  { step, server }: { readonly step: StepOf<typeof recoverClusterKind>; readonly server: DatabaseServer },
): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  for (const question of step.queries) {
    const database = question.database || targetServer(context).databaseName;
    const locked = await lockedTables(server, database);
    if (locked !== undefined) context.output(`locked by a transaction that is undone: ${locked}`);
    asked.push({ title: question.title, ...(await askOne(question, { server, database, locked })) });
  }
  return asked;
}

async function lockedTables(server: DatabaseServer, database: string): Promise<string | undefined> {
  const rows = await server.query({ database, sql: lockedSql });
  return rows.ok ? (rows.value[0]?.tables ?? undefined) : undefined;
}

async function askOne(
  question: Question,
  at: { readonly server: DatabaseServer; readonly database: string; readonly locked: string | undefined },
): Promise<Omit<Asked, 'title'>> {
  const { server, database, locked } = at;
  const limit = locked === undefined ? {} : { limitMs: lockedLimitMs };
  const rows = await server.query({ database, sql: question.query, ...limit });
  if (!rows.ok && locked !== undefined) {
    return { verdict: 'later', text: `${locked} can be read only after the promotion` };
  }
  if (!rows.ok) return { verdict: 'failed', text: rows.failure.message };
  const value = Object.values(rows.value[0] ?? {})[0] ?? null;
  const { equals, atLeast } = question.expect;
  if (value === null) return { verdict: 'failed', text: 'the query returns nothing' };
  if (equals !== undefined && value !== equals)
    return { verdict: 'failed', text: `${value} instead of ${equals}` };
  if (atLeast !== undefined && !(Number(value) >= atLeast))
    return { verdict: 'failed', text: `${value}, but at least ${atLeast} expected` };
  return { verdict: 'passed', text: value };
}

export function queryChecks({ queries }: Pick<Recovered, 'queries'>): readonly Check[] {
  return queries.map(({ title, verdict, text }) => {
    const line = `${title}: ${text}`;
    if (verdict === 'passed') return passed(line);
    if (verdict === 'later') return couldNotVerify(line, 'It is asked again after the promotion.');
    return failed(line, 'Look into the recovered cluster, or choose another moment.');
  });
}
