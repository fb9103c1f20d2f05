import { assert } from '../../base/assert.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { type StepContext, type StepOf, stepId } from '../../kinds/kind.ts';
import { stoppedByTheWalk } from '../../operations/outside-services.ts';
import { servicesOf } from '../../operations/stop-services.ts';
import type { ServiceStatus, Services } from '../../ports/services.ts';
import { leftRunningFact, type startServicesKind } from './kind.ts';

export type StartStep = StepOf<typeof startServicesKind>;

export function declaredServices<Face>(context: Parameters<typeof servicesOf<Face>>[0]): Face {
  const services = servicesOf(context);
  assert(services !== undefined, 'lint refuses a runbook that starts services and declares none');
  return services;
}

/** Those of the step, and those that starting them does not reach although this walk stopped them: of a profile, or of no file. */
export function wantedOf(
  step: StartStep,
  ...[all, context]: [readonly ServiceStatus[], StepContext]
): readonly ServiceStatus[] {
  const stopped = stoppedByTheWalk(context);
  return all.filter(({ name, leftAlone, outside }) => {
    if (step.services.includes(name)) return true;
    if (leftAlone === true || outside !== undefined)
      return stopped.includes(name) || (leftAlone !== true && step.services.length === 0);
    return step.services.length === 0;
  });
}

export async function startThem(
  step: StartStep,
  { services, context }: { readonly services: Services; readonly context: StepContext<'host' | 'services'> },
): Promise<Outcome<void>> {
  const status = await services.status({ differing: true });
  if (!status.ok) return status;
  const wanted = wantedOf(step, status.value, context);
  // What this walk stopped it has started itself since, if it runs: a file that was mended meanwhile counts for it.
  const remake = stoppedByTheWalk(context);
  const left = wanted
    .filter(({ name, differs }) => differs === true && !remake.includes(name))
    .map(({ name }) => name);
  if (left.length > 0) await context.record(leftRunningFact(stepId(step)), left);
  const isReached = ({ name, leftAlone }: ServiceStatus) =>
    step.services.length === 0 ? leftAlone !== true : step.services.includes(name);
  const more = wanted.filter((service) => !isReached(service)).map(({ name }) => name);
  const { signal, output: onLine } = context;
  for (const names of [step.services, ...(more.length === 0 ? [] : [more])]) {
    await context.recordCommand(services.describe('start', names));
    const started = await services.start({ names, remake, onLine, signal });
    if (!started.ok) return started;
  }
  return succeed(undefined);
}
