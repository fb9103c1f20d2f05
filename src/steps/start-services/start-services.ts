import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatDuration } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { implementKind, stepId } from '../../kinds/kind.ts';
import { durationMs } from '../../kinds/targets.ts';
import { checkServices } from '../../operations/stop-services.ts';
import { letWritersUp } from '../../operations/writers-still-down.ts';
import type { ServiceStatus, Services } from '../../ports/services.ts';
import { leftRunningFact, logFollowedFact, servicesUpFact, startServicesKind } from './kind.ts';
import { declaredServices, type StartStep, startThem, wantedOf } from './start-them.ts';

const lookAgainMs = 1000;

/** Up, healthy, and quiet: a worker that keeps shouting is not up. */

export const startServices = implementKind(startServicesKind, {
  async preview(step, context) {
    if (context.mode === 'drill')
      return { sentences: ['A drill starts nothing: production goes on.'], commands: [] };
    const follow =
      step.followLog === undefined
        ? ''
        : `, then follows the log of ${step.followLog} until it is quiet for ${step.quiet}`;
    return {
      sentences: [
        `Starts ${step.services.join(', ') || 'all services'}, waits up to ${step.healthy} until they are healthy and stay so for ${step.steady}${follow}.`,
      ],
      commands: [declaredServices(context).describe('start', step.services)],
    };
  },

  async check(step, context) {
    if (context.mode === 'drill') return [];
    const names = [...step.services, ...(step.followLog === undefined ? [] : [step.followLog])];
    return checkServices(context, names);
  },

  async run(step, context) {
    if (context.mode === 'drill')
      return succeed({ kind: 'not-executed', reason: 'a drill never starts production' });
    const services = declaredServices(context);
    await letWritersUp(step.services, context);
    const started = await startThem(step, { services, context });
    if (!started.ok) return started;
    // The log is followed from the first moment: a flurry at the start is what one wants to see.
    const log = followLog(step, services, context);
    const up = await waitUntilSteady(step, services, context);
    const seen = await log.end(up.ok);
    if (!up.ok) return up;
    // Whoever stops the run did not see the log fall quiet: the next attempt follows it anew.
    if (context.signal.aborted && !seen.quiet) return fail(cancelled);
    await context.record(logFollowedFact, seen);
    await context.record(servicesUpFact(stepId(step)), up.value.map(incarnationOf));
    return succeed({ kind: 'done' });
  },

  async verify(step, context) {
    const status = await declaredServices(context).status();
    if (!status.ok) return status;
    const left = readFact(leftRunningFact(stepId(step)), context) ?? [];
    return succeed([
      ...wantedOf(step, status.value, context).map(toCheck),
      ...left.map((name) =>
        passed(`${name} ran already, with another configuration or image than its files say: left so`),
      ),
      ...quietCheck(step, context),
    ]);
  },

  async lookAgain(step, context) {
    const status = await declaredServices(context).status();
    if (!status.ok) return status;
    const wanted = wantedOf(step, status.value, context);
    const before = readFact(servicesUpFact(stepId(step)), context) ?? wanted.map(({ name }) => ({ name }));
    const fallen = wanted.flatMap((service) => fellSince(before, service));
    if (fallen.length > 0) return succeed(fallen);
    return succeed([passed('looked at again: still up, and nothing was started anew')]);
  },
});

function isUp({ state, health, exitCode }: ServiceStatus): boolean {
  if (state === 'finished') return (exitCode ?? 0) === 0;
  return state === 'running' && (health === undefined || health === 'healthy');
}

function inWords({ name, state, health, exitCode }: ServiceStatus): string {
  if (state === 'finished' || (state === 'stopped' && exitCode !== undefined))
    return `${name} ended with status ${exitCode ?? 0}`;
  return `${name} is ${state}${health === undefined ? '' : `, ${health}`}`;
}

function incarnationOf({ name, incarnation }: ServiceStatus) {
  return { name, ...(incarnation === undefined ? {} : { incarnation }) };
}

/** Up, and so for a while without being started anew: one that crashes and is started again looks up at most moments. */
async function waitUntilSteady(
  step: StartStep,
  ...[services, context]: [Services, StepContext<'host'>]
): Promise<Outcome<readonly ServiceStatus[]>> {
  const { host } = context.world;
  const untilMs = host.now() + durationMs(step.healthy);
  const steadyMs = durationMs(step.steady);
  const watched = watchFalls();
  let steadySinceMs: number | undefined;
  let told = '';
  for (;;) {
    const status = await services.status();
    if (!status.ok) return status;
    const wanted = wantedOf(step, status.value, context);
    const waiting = wanted.filter((service) => !isUp(service));
    if (watched.look(wanted) || waiting.length > 0 || wanted.length === 0) steadySinceMs = undefined;
    const crashing = watched.crashing();
    if (crashing !== undefined) return fail(crashing);
    if (waiting.length === 0 && wanted.length > 0) {
      steadySinceMs ??= host.now();
      if (host.now() - steadySinceMs >= steadyMs) return succeed(wanted);
    }
    const line = waiting.map(inWords).join('; ');
    if (line !== told && line !== '') context.output(`waiting: ${line}`);
    told = line;
    context.progress({
      label: 'healthy',
      done: wanted.length - waiting.length,
      total: wanted.length,
      unit: 'count',
    });
    if (context.signal.aborted) return fail(cancelled);
    if (host.now() >= untilMs) return fail(notUpInTime(step, line || watched.words()));
    await host.sleep(Math.min(lookAgainMs, Math.max(steadyMs, 100)), context.signal);
  }
}

function notUpInTime(step: StartStep, what: string): Failure {
  return {
    code: 'stalled',
    message: `After ${step.healthy} these services are not up: ${what}.`,
    remedy: 'Look at their logs, mend what they say, then retry.',
    retry: 'after-fix',
  };
}

/** Whoever falls that often does not come up by waiting. */
const mostFalls = 3;

/** Counts how often a service that was up went down, or was started anew, between two looks. */
function watchFalls() {
  const falls = new Map<string, number>();
  let before: readonly ServiceStatus[] = [];
  let over: ServiceStatus | undefined;
  const doesNotStayUp = (name: string, how: string): Failure => ({
    code: 'not-verified',
    message: `${name} does not stay up: ${how}.`,
    remedy: `Read the log of ${name}, mend what it says, then retry.`,
    retry: 'after-fix',
  });
  return {
    /** @returns whether one of them fell since the look before. */
    look(now: readonly ServiceStatus[]): boolean {
      const up = before.filter(isUp).map(incarnationOf);
      const fallen = now.filter((service) => fellSince(up, service).length > 0);
      for (const { name } of fallen) falls.set(name, (falls.get(name) ?? 0) + 1);
      over = now.find(
        (service) =>
          service.state === 'stopped' &&
          service.restartPolicy === 'no' &&
          (service.exitCode !== undefined || falls.has(service.name)),
      );
      before = now;
      return fallen.length > 0;
    },
    crashing(): Failure | undefined {
      if (over !== undefined)
        return doesNotStayUp(over.name, `${inWords(over)}, and nothing starts it again`);
      const [name] = [...falls].find(([, count]) => count >= mostFalls) ?? [];
      if (name === undefined) return undefined;
      return doesNotStayUp(name, `it fell ${mostFalls} times while it was watched`);
    },
    words: () => [...falls].map(([name, count]) => `${name} fell ${count} times`).join('; '),
  };
}

/** What was up before and is down now, or is up as another start of it. */
function fellSince(
  before: readonly Pick<ServiceStatus, 'name' | 'incarnation'>[],
  now: ServiceStatus,
): readonly Check[] {
  const was = before.find(({ name }) => name === now.name);
  if (was === undefined) return [];
  const remedy = `Look at the log of ${now.name}.`;
  if (!isUp(now)) return [failed(`looked at again: ${inWords(now)}, and it had been up`, remedy)];
  if (was.incarnation === undefined || was.incarnation === now.incarnation) return [];
  return [failed(`looked at again: ${now.name} was started anew after it had been up`, remedy)];
}

const cancelled = {
  code: 'cancelled' as const,
  message: 'Waiting for the services was stopped; they were started.',
  remedy: 'Go on with `thaw resume`.',
  retry: 'safe' as const,
};

/** Quiet is worth showing, not worth failing for: the check says what was seen. */
function followLog(step: StartStep, ...[services, context]: [Services, StepContext<'host'>]) {
  const { host } = context.world;
  const service = step.followLog;
  const startMs = host.now();
  const done = new AbortController();
  let lastLineMs = startMs;
  let lines = 0;
  const following =
    service === undefined
      ? undefined
      : services.followLog({
          service,
          signal: AbortSignal.any([done.signal, context.signal]),
          onLine: (line) => {
            lastLineMs = host.now();
            lines += 1;
            context.output(`${service}: ${line}`);
          },
        });
  return {
    /** @param wait whether to wait until it is quiet, or to hang up at once. */
    async end(wait: boolean): Promise<{ readonly quiet: boolean; readonly text: string }> {
      const untilMs = host.now() + durationMs(step.quietWithin);
      const isQuiet = () => host.now() - lastLineMs >= durationMs(step.quiet);
      while (
        following !== undefined &&
        wait &&
        !isQuiet() &&
        host.now() < untilMs &&
        !context.signal.aborted
      ) {
        await host.sleep(250, context.signal);
      }
      const quiet = isQuiet();
      done.abort();
      const followed = await following;
      if (followed !== undefined && !followed.ok) return { quiet: false, text: followed.failure.message };
      return { quiet, text: `log of ${service}: ${lines} lines in ${formatDuration(host.now() - startMs)}` };
    },
  };
}

function quietCheck(step: StartStep, context: StepContext<'host'>): readonly Check[] {
  if (step.followLog === undefined) return [];
  const seen = readFact(logFollowedFact, context);
  if (seen?.quiet) return [passed(`${seen.text}, then quiet for ${step.quiet}`)];
  return [
    couldNotVerify(
      `${seen?.text ?? `log of ${step.followLog} was not followed`}; it did not fall quiet`,
      `Read the log of ${step.followLog}.`,
    ),
  ];
}

function toCheck(service: ServiceStatus): Check {
  if (isUp(service)) return passed(inWords(service));
  return failed(inWords(service), `Look at the log of ${service.name}.`);
}
