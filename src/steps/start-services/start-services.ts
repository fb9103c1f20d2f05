import { assert } from '../../base/assert.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatDuration } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import type { StepContext, StepOf } from '../../kinds/kind.ts';
import { implementKind } from '../../kinds/kind.ts';
import { durationMs } from '../../kinds/targets.ts';
import { checkServices, servicesOf } from '../../operations/stop-services.ts';
import { letWritersUp } from '../../operations/writers-still-down.ts';
import type { ServiceStatus, Services } from '../../ports/services.ts';
import { logFollowedFact, startServicesKind } from './kind.ts';

const lookAgainMs = 1000;

type StartStep = StepOf<typeof startServicesKind>;

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
        `Starts ${step.services.join(', ') || 'all services'}, waits up to ${step.healthy} for health${follow}.`,
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
    await context.recordCommand(services.describe('start', step.services));
    const started = await services.start({
      names: step.services,
      onLine: context.output,
      signal: context.signal,
    });
    if (!started.ok) return started;
    // The log is followed from the first moment: a flurry at the start is what one wants to see.
    const log = followLog(step, services, context);
    const healthy = await waitForHealth(step, services, context);
    const seen = await log.end(healthy.ok);
    if (!healthy.ok) return healthy;
    // Whoever stops the run did not see the log fall quiet: the next attempt follows it anew.
    if (context.signal.aborted && !seen.quiet) return fail(cancelled);
    await context.record(logFollowedFact, seen);
    return succeed({ kind: 'done' });
  },

  async verify(step, context) {
    const status = await declaredServices(context).status();
    if (!status.ok) return status;
    const wanted = status.value.filter(
      ({ name }) => step.services.length === 0 || step.services.includes(name),
    );
    return succeed([...wanted.map(toCheck), ...quietCheck(step, context)]);
  },
});

function declaredServices<Face>(context: Parameters<typeof servicesOf<Face>>[0]): Face {
  const services = servicesOf(context);
  assert(services !== undefined, 'lint refuses a runbook that starts services and declares none');
  return services;
}

function isUp({ state, health, exitCode }: ServiceStatus): boolean {
  if (state === 'finished') return (exitCode ?? 0) === 0;
  return state === 'running' && (health === undefined || health === 'healthy');
}

function inWords({ name, state, health, exitCode }: ServiceStatus): string {
  if (state === 'finished' || (state === 'stopped' && exitCode !== undefined))
    return `${name} ended with status ${exitCode ?? 0}`;
  return `${name} is ${state}${health === undefined ? '' : `, ${health}`}`;
}

async function waitForHealth(
  step: StartStep,
  ...[services, context]: [Services, StepContext<'host'>]
): Promise<Outcome<void>> {
  const { host } = context.world;
  const untilMs = host.now() + durationMs(step.healthy);
  let told = '';
  for (;;) {
    const status = await services.status();
    if (!status.ok) return status;
    const wanted = status.value.filter(
      ({ name }) => step.services.length === 0 || step.services.includes(name),
    );
    const waiting = wanted.filter((service) => !isUp(service));
    if (waiting.length === 0 && wanted.length > 0) return succeed(undefined);
    const line = waiting.map(inWords).join('; ');
    if (line !== told) context.output(`waiting: ${line}`);
    told = line;
    context.progress({
      label: 'healthy',
      done: wanted.length - waiting.length,
      total: wanted.length,
      unit: 'count',
    });
    if (context.signal.aborted) return fail(cancelled);
    if (host.now() >= untilMs) {
      return fail({
        code: 'stalled',
        message: `After ${step.healthy} these services are not up: ${line}.`,
        remedy: 'Look at their logs, mend what they say, then retry.',
        retry: 'after-fix',
      });
    }
    await host.sleep(lookAgainMs, context.signal);
  }
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
