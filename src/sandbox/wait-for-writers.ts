import { fail, type Outcome, succeed } from '../base/failure.ts';
import { lookUntil } from '../platform/pause.ts';
import { withConnection } from './crm/database.ts';

const limitMs = 60_000;

/** One row for each service that has written since a moment. */
const whoWrote = `
  select 'web' as service from audit_logs where actor = 'crm-web' having max(created_at) > $1
  union all select 'worker' from ai_usage_ledger where feature = 'receipt-ocr' having max(created_at) > $1
  union all select 'scheduler' from audit_logs where actor = 'crm-scheduler' having max(created_at) > $1`;

/** Waits until each of the three services has written a row after the given moment. */
export async function waitForWriters(request: {
  readonly databaseUrl: string;
  readonly since: Date;
}): Promise<Outcome<void>> {
  return withConnection(request.databaseUrl, async (client) => {
    let writing: readonly string[] = [];
    const look = async () => {
      const { rows } = await client.query<{ service: string }>(whoWrote, [request.since]);
      writing = rows.map((row) => row.service);
      return writing.length === 3 ? succeed(undefined) : undefined;
    };
    const written = await lookUntil({ look, everyMs: 50, limitMs });
    if (written !== undefined) return written;
    const idle = ['web', 'worker', 'scheduler'].filter((name) => !writing.includes(name));
    return fail({
      code: 'stalled',
      message: `The sandbox's ${idle.join(' and ')} write no row within ${limitMs / 1000} s.`,
      remedy: 'Read the logs in the services folder of the sandbox.',
      retry: 'after-fix',
    });
  });
}
