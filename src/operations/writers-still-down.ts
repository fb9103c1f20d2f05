import type { z } from 'zod';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatCount } from '../base/units.ts';
import { type Check, couldNotVerify, passed } from '../base/verdict.ts';
import { readFact } from '../kinds/fact.ts';
import { cameBackFact, writersDownFact } from '../kinds/facts.ts';
import { type Step, type StepContext, stepId } from '../kinds/kind.ts';
import type { ForeignSession } from '../ports/database-server.ts';
import type { ServiceStatus } from '../ports/services.ts';
import { targetServer } from './open-targets.ts';
import {
  describeSession,
  foreignSessions,
  isDown,
  servicesOf,
  stopThem,
  type ToStop,
} from './stop-services.ts';

/**
 * That writers are down is true only while nobody starts them: a reboot, a restarted daemon or a colleague brings them back, and
 * what they write then is in the database that goes out. So it is judged again before each act that replaces something.
 */

type Down = z.infer<typeof writersDownFact.fact.schema>;
type Count = NonNullable<Down['count']>;

/** What stop-writers leaves behind, once it has proved it. */
export async function noteWritersDown(
  step: ToStop & Pick<Step, 'id' | 'kind'>,
  context: StepContext<'databases'>,
): Promise<void> {
  const count = await countChanges(context);
  await context.record(writersDownFact(stepId(step)), {
    services: step.services,
    settle: step.settle,
    alone: true,
    ...(count === undefined ? {} : { count }),
  });
}

/** The walk itself starts services: those may be up from now on. No name means all. */
export async function letWritersUp(names: readonly string[], context: StepContext): Promise<void> {
  for (const { fact, down } of stoppedBefore(context)) {
    const left = names.length === 0 ? [] : down.services.filter((name) => !names.includes(name));
    if (left.length === down.services.length) continue;
    const rest = left.length === 0 ? null : { services: left, settle: down.settle, alone: false };
    await context.record(fact, rest);
  }
}

/**
 * To be called right before anything is replaced, and when an interrupted run goes on. Writers that are back are shown, and stopped
 * again where a person or an option says so, by the code of stop-writers; a success means that they are down now.
 *
 * @returns conflict when they stay: nothing may be replaced then.
 */
export async function writersStillDown(
  context: StepContext<'host' | 'databases' | 'services'>,
): Promise<Outcome<void>> {
  for (const { down } of stoppedBefore(context)) {
    for (;;) {
      const found = await lookFor(down, context);
      if (!found.ok) return found;
      await noteChanges({ down, found: found.value, context });
      if (found.value.services.length === 0 && found.value.sessions.length === 0) break;
      const decided = await askAbout(found.value, context);
      if (!decided.ok) return decided;
      if (decided.value !== 'stop-again') continue;
      const stopped = await stopThem(down, context);
      if (!stopped.ok) return stopped;
    }
  }
  return succeed(undefined);
}

/** For the question and the verdict: nothing to say where nobody came back. */
export function writersBackChecks(context: StepContext<'databases'>, kept: string): readonly Check[] {
  const back = readFact(cameBackFact, context);
  if (back === undefined) return [];
  const { who, rows } = back;
  const { databaseName } = targetServer(context);
  const cameBack = `${who.join(', ')} came back after the writers were stopped`;
  if (rows === 0) return [passed(`${cameBack}; as the server counts, no row of ${databaseName} changed`)];
  const changed =
    rows === undefined
      ? `whether rows of ${databaseName} changed cannot be told`
      : `${formatCount(rows)} rows of ${databaseName} changed`;
  return [
    couldNotVerify(
      `${who.length === 0 ? 'somebody wrote after the writers were stopped' : cameBack}; ${changed}: what was written then is only in ${kept}`,
      `Compare ${kept} with what was restored before you drop it.`,
    ),
  ];
}

type Found = {
  readonly services: readonly ServiceStatus[];
  readonly sessions: readonly ForeignSession[];
};

/** Every step of the walk that stopped services which are still to be down. */
function stoppedBefore(context: StepContext) {
  return context.giving(writersDownFact).flatMap((step) => {
    const fact = writersDownFact(stepId(step));
    const down = readFact(fact, context);
    return down === undefined ? [] : [{ fact, down }];
  });
}

async function lookFor(
  down: Down,
  context: StepContext<'host' | 'databases' | 'services'>,
): Promise<Outcome<Found>> {
  const status = await servicesOf(context)?.status();
  if (status?.ok === false) return status;
  const services = (status?.value ?? []).filter(
    (service) =>
      down.services.includes(service.name) && (!isDown(service) || (service.strays ?? []).length > 0),
  );
  const sessions = down.alone ? await foreignSessions(context) : succeed([]);
  return sessions.ok ? succeed({ services, sessions: sessions.value }) : sessions;
}

/** Also where nobody is there any more: who came and went left rows behind. */
async function noteChanges(seen: {
  readonly down: Down;
  readonly found: Found;
  readonly context: StepContext<'databases'>;
}): Promise<void> {
  const { down, found, context } = seen;
  const before = readFact(cameBackFact, context);
  const now = await countChanges(context);
  const rows = now === undefined ? undefined : changedBetween(down.count, now);
  const services = down.services.filter((wanted) => found.services.some(({ name }) => name === wanted));
  const names = services.length > 0 ? services : found.sessions.map(describeClient);
  const who = [...new Set([...(before?.who ?? []), ...names])];
  if (who.length === 0 && (rows === undefined || rows === 0)) return;
  // The old database is out of sight once it has been put aside: what was known stays known.
  const best = rows ?? before?.rows;
  if (before?.rows === best && before?.who.length === who.length) return;
  await context.record(cameBackFact, { who, ...(best === undefined ? {} : { rows: best }) });
}

/** Not known where a server that crashed counts anew from nothing, where tables were dropped, or in another database. */
function changedBetween(before: Count | undefined, now: Count): number | undefined {
  if (before?.oid !== now.oid || now.changes < before.changes) return undefined;
  return now.changes - before.changes;
}

function describeClient({ application, user }: ForeignSession): string {
  return `a client ${application || 'without a name'} as ${user}`;
}

async function countChanges(context: StepContext<'databases'>): Promise<Count | undefined> {
  const server = targetServer(context);
  const rows = await server.query({
    database: server.databaseName,
    sql: `SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text AS changes,
      (SELECT oid::text FROM pg_catalog.pg_database WHERE datname = current_database()) AS oid
      FROM pg_catalog.pg_stat_user_tables`,
  });
  // There may be no such database, on a clean host or in the middle of a swap; nothing is known then, and nothing is claimed.
  const row = rows.ok ? rows.value[0] : undefined;
  if (typeof row?.changes !== 'string' || typeof row.oid !== 'string') return undefined;
  return { oid: row.oid, changes: Number(row.changes) };
}

async function askAbout(found: Found, context: StepContext<'databases'>): Promise<Outcome<string>> {
  const stillThere = writersAreBack(found, context);
  const answer = await context.ask({
    kind: 'choose',
    id: 'stop-writers.back',
    title: 'Writers are back that this run had stopped. What now?',
    body: describeFound(found, context),
    choices: [
      { value: 'stop-again', label: 'stop them again' },
      { value: 'look-again', label: 'look again' },
      { value: 'give-up', label: 'neither' },
    ],
    preferred: 'stop-again',
  });
  if (!answer.ok) return answer.failure.code === 'answer-missing' ? fail(stillThere) : answer;
  return answer.value.value === 'give-up' ? fail(stillThere) : succeed(answer.value.value);
}

function writersAreBack(found: Found, context: StepContext<'databases'>) {
  return {
    code: 'conflict' as const,
    message: `Writers are back that this run had stopped, and nothing is replaced under them: ${describeFound(found, context).join('; ')}.`,
    remedy:
      'Retry and let them be stopped again (--answer stop-writers.back=stop-again), or stop them by hand and retry.',
    retry: 'after-fix' as const,
  };
}

function describeFound({ services, sessions }: Found, context: StepContext<'databases'>): readonly string[] {
  const { databaseName } = targetServer(context);
  return [
    ...services.map(({ name, state, strays = [], elsewhere = [] }) => {
      const containers = [...strays, ...elsewhere.map(({ container }) => container)];
      return containers.length === 0
        ? `${name} is ${state} again`
        : `${name} runs in ${containers.join(', ')}`;
    }),
    ...sessions.map((session) => `connected to ${databaseName}: ${describeSession(session)}`),
  ];
}
