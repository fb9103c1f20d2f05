import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatTime } from '../../base/units.ts';
import type { StepContext } from '../../kinds/kind.ts';
import type { ClusterPlace, ServerState } from '../../ports/cluster-tools.ts';
import type { DatabaseServer } from '../../ports/database-server.ts';

const lookAgainMs = 300;
const comingMs = 20_000;

type Awaited = {
  readonly reachedTarget: boolean;
  readonly lastCommit: string | null;
  readonly replayedTo: string;
  readonly timeline: number;
};

const whereSql = `SELECT pg_is_in_recovery() AS recovering,
  CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS paused,
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn,
  pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC' AS last_commit,
  (SELECT min_recovery_end_timeline FROM pg_control_recovery()) AS recovery_timeline,
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_walfile_name(pg_current_wal_lsn()) END AS walfile`;

/**
 * Until the server says that it has stopped at the target, or has ended recovery, or is gone. There is no limit in time: a day
 * of WAL may take an hour. Silence has one.
 */
export async function awaitRecovery(
  context: StepContext<'host' | 'clusters'>,
  request: {
    readonly place: ClusterPlace;
    readonly server: DatabaseServer;
    readonly targetTimeMs: number | undefined;
    readonly segments: number;
    readonly stallMs: number;
  },
): Promise<Outcome<Awaited>> {
  const { place, server, targetTimeMs, segments, stallMs } = request;
  const { clusters, host } = context.world;
  let signOfLife = '';
  const beganMs = host.now();
  let sinceMs = beganMs;
  let shown = 0;
  for (;;) {
    const state = await clusters.state(place);
    if (!state.ok) return state;
    // A server that has just been started is not to be seen for a moment; one that gave up says so in its log.
    const isComing = state.value.fatal === undefined && host.now() - beganMs < comingMs;
    if (!state.value.running && !isComing) return fail(gaveUp(state.value, targetTimeMs));
    if (state.value.segmentsReplayed !== shown) {
      shown = state.value.segmentsReplayed;
      const total = segments === 0 ? {} : { total: segments };
      context.progress({ label: 'segments replayed', done: shown, ...total, unit: 'count' });
    }
    const where = await look(server);
    if (where?.paused || (where !== undefined && !where.recovering)) return succeed(ended(where));
    const now = `${state.value.logLines} ${where?.lsn ?? ''}`;
    if (now !== signOfLife) [signOfLife, sinceMs] = [now, host.now()];
    if (host.now() - sinceMs > stallMs) return fail(stalled(state.value, stallMs));
    if (context.signal.aborted) return fail(stoppedHere);
    await host.sleep(lookAgainMs, context.signal);
  }
}

type Where = {
  readonly recovering: boolean;
  readonly paused: boolean;
  readonly lsn: string;
  readonly lastCommit: string | null;
  readonly timeline: number;
};

/** undefined while the server lets nobody in yet. */
async function look(server: DatabaseServer): Promise<Where | undefined> {
  const rows = await server.query({ database: 'postgres', sql: whereSql });
  const row = rows.ok ? rows.value[0] : undefined;
  if (row === undefined) return undefined;
  const isTrue = (text: string | null | undefined) => /^t/.test(text ?? '');
  const walfile = row.walfile ?? '';
  return {
    recovering: isTrue(row.recovering),
    paused: isTrue(row.paused),
    lsn: row.lsn ?? '',
    lastCommit: row.last_commit ?? null,
    timeline: walfile === '' ? Number(row.recovery_timeline) : Number.parseInt(walfile.slice(0, 8), 16),
  };
}

export async function currentTimeline(server: DatabaseServer): Promise<number | undefined> {
  const where = await look(server);
  return where === undefined || where.recovering ? undefined : where.timeline;
}

function ended(where: Where): Awaited {
  return {
    reachedTarget: where.paused,
    lastCommit: where.lastCommit === null ? null : `${where.lastCommit.replace(/\+00$/, '')} UTC`,
    replayedTo: where.lsn,
    timeline: where.timeline,
  };
}

/** PostgreSQL ends by itself when the archive ends before the target: better no database than one from another moment. */
function gaveUp(state: ServerState, targetTimeMs: number | undefined) {
  const detail = state.lastLines.join('\n');
  const notReached = /recovery ended before configured recovery target was reached/.test(state.fatal ?? '');
  if (notReached && targetTimeMs !== undefined) {
    const far = state.lastTransaction ?? 'an unknown moment';
    return {
      code: 'not-verified',
      message: `${formatTime(targetTimeMs)} is not reached: the archive ends before it. The last transaction in it is of ${far}, after ${state.segmentsReplayed} segments.`,
      remedy: `Look for later segments, or ask for a moment no later than ${far}.`,
      retry: 'after-fix',
      detail,
    } as const;
  }
  if (/requested recovery stop point is before consistent recovery point/.test(state.fatal ?? '')) {
    return {
      code: 'invalid-input',
      message: `${formatTime(targetTimeMs ?? 0)} lies before the end of this base backup; WAL leads forward only.`,
      remedy: 'Choose a later moment, or an older base backup.',
      retry: 'after-fix',
      detail,
    } as const;
  }
  return {
    code: 'command-failed',
    message: `The recovering server has ended: ${state.fatal ?? 'it does not say why'}.`,
    remedy: 'Read its last lines, mend what they name, then retry.',
    retry: 'after-fix',
    detail,
  } as const;
}

function stalled(state: ServerState, stallMs: number) {
  return {
    code: 'stalled',
    message: `The recovering server has shown no sign of life for ${Math.round(stallMs / 1000)} s, after ${state.segmentsReplayed} segments.`,
    remedy: 'Look at its log and at the disk, then retry: it goes on from where it is.',
    retry: 'after-fix',
    detail: state.lastLines.join('\n'),
  } as const;
}

const stoppedHere = {
  code: 'cancelled',
  message: 'The recovery is left to itself; the server goes on replaying.',
  remedy: 'Go on with `thaw resume`.',
  retry: 'safe',
} as const;
