import { type Failure, type Outcome, succeed } from '../../base/failure.ts';
import { pause } from '../../platform/pause.ts';
import type { RestoreRequest } from '../../ports/dump-tools.ts';
import { type OpenSession, openSession, type ServerContext, type Session } from './session.ts';

const everyMs = 1_000;
/** Through a container each look is a program there. */
const everyRoutedMs = 5_000;
/** The server ends a statement whose client is gone by itself since then, where it is told to look. */
const looksForClientSince = 140_000;

export type RestoreWatch = {
  /** Aborted when the watch says so. */
  readonly signal: AbortSignal;
  /** For the sessions of the restore. */
  readonly settings: readonly string[];
  /** @returns why the restore was cut off. */
  end(): Promise<Failure | undefined>;
};

/** Looks at the database from outside while something fills it: no statement of a dump can switch that off. */
export async function watchRestore(
  context: ServerContext,
  request: Pick<RestoreRequest, 'database' | 'watch' | 'signal'>,
): Promise<Outcome<RestoreWatch>> {
  const { database, watch = async () => undefined } = request;
  const open = () => openSession(context, { database, doing: `watch the restore into ${database}` });
  const first = await open();
  if (!first.ok) return first;
  const { versionNumber } = first.value.session;
  const stop = new AbortController();
  const over = new AbortController();
  let cut: Failure | undefined;
  const look = async () => {
    let session: Outcome<OpenSession> | undefined = first;
    while (!over.signal.aborted && cut === undefined) {
      await pause(context.route === undefined ? everyMs : everyRoutedMs, over.signal);
      if (over.signal.aborted) break;
      const opened: Outcome<OpenSession> = session ?? (await open());
      const sizeBytes: number | undefined = opened.ok
        ? await sizeOf(opened.value.session, database)
        : undefined;
      session = sizeBytes === undefined ? undefined : opened;
      if (sizeBytes === undefined && opened.ok) await opened.value.end();
      cut = await watch({ sizeBytes });
    }
    if (session?.ok) await session.value.end();
    if (cut !== undefined) stop.abort();
  };
  const looking = look();
  return succeed({
    signal: request.signal === undefined ? stop.signal : AbortSignal.any([request.signal, stop.signal]),
    settings: versionNumber >= looksForClientSince ? ['client_connection_check_interval=1s'] : [],
    end: async () => {
      over.abort();
      await looking;
      // What was over before the next look is looked at once more.
      const last = cut === undefined ? await open() : undefined;
      if (last?.ok) {
        cut = await watch({ sizeBytes: await sizeOf(last.value.session, database) });
        await last.value.end();
      }
      return cut;
    },
  });
}

async function sizeOf(session: Session, database: string): Promise<number | undefined> {
  try {
    const [row] = await session.rows('SELECT pg_database_size($1::name) AS size', [database]);
    return Number(row?.size);
  } catch {
    // The connection broke, or the server is busy: another look is made with another one.
    return undefined;
  }
}
