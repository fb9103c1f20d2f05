import { fail, type Outcome, succeed } from '../base/failure.ts';
import { type Check, couldNotVerify } from '../base/verdict.ts';
import { readFact } from '../kinds/fact.ts';
import { stoppedServicesFact } from '../kinds/facts.ts';
import { type Step, type StepContext, stepId } from '../kinds/kind.ts';
import { serviceOnRoute, type Targets } from '../kinds/targets.ts';
import type { ServiceStatus, Services, ServicesConfig } from '../ports/services.ts';
import { isDown, servicesOf } from './stop-services.ts';

/**
 * Services of the same application that the runbook does not know: another file of the project adds them, or only their containers tell of
 * them. One of them may write every five minutes, and be connected at no moment at which anybody looks.
 */

type Context = StepContext<'host' | 'databases' | 'services'>;

/** Those that run, but for the one through which the database is reached. */
export async function runningOutside(
  context: {
    readonly world: { openServices(config: ServicesConfig): Pick<Services, 'status'> };
    readonly targets: Targets;
  },
  named: readonly string[],
): Promise<Outcome<readonly ServiceStatus[]>> {
  const status = await servicesOf(context)?.status();
  if (status === undefined) return succeed([]);
  if (!status.ok) return status;
  const { services, databaseRoute: via } = context.targets.production;
  return succeed(
    status.value.filter(
      (service) =>
        service.outside !== undefined &&
        !named.includes(service.name) &&
        service.state !== 'absent' &&
        !isDown(service) &&
        serviceOnRoute({ services, via, names: [service.name] }) === undefined,
    ),
  );
}

/** Asks about them until they are down or left: a database may be among them, so none is stopped without an answer. */
export async function stopOutside(
  step: Pick<Step, 'id' | 'kind'> & { readonly services: readonly string[] },
  context: Context,
): Promise<Outcome<void>> {
  for (;;) {
    const found = await runningOutside(context, step.services);
    if (!found.ok) return found;
    if (found.value.length === 0) return succeed(undefined);
    const decided = await askAbout(found.value, context);
    if (!decided.ok) return decided;
    if (decided.value === 'leave') return succeed(undefined);
    if (decided.value === 'look-again') continue;
    const names = found.value.map(({ name }) => name);
    const services = servicesOf(context);
    await context.recordCommand(services?.describe('stop', names) ?? '');
    const stopped = await services?.stop({ names, onLine: context.output, signal: context.signal });
    if (stopped?.ok === false) return stopped;
    await noteStopped(step, context, names);
  }
}

/** What ran until this walk stopped it: it is started again, also where starting all would not. */
export async function noteStopped(
  step: Pick<Step, 'id' | 'kind'>,
  ...[context, names]: [StepContext, readonly string[]]
): Promise<void> {
  const fact = stoppedServicesFact(stepId(step));
  const before = readFact(fact, context) ?? [];
  const all = [...new Set([...before, ...names])];
  if (all.length > before.length) await context.record(fact, all);
}

/** By every step of the walk. */
export function stoppedByTheWalk(context: StepContext): readonly string[] {
  return context
    .giving(stoppedServicesFact)
    .flatMap((step) => readFact(stoppedServicesFact(stepId(step)), context) ?? []);
}

export function outsideChecks(running: readonly ServiceStatus[]): readonly Check[] {
  return running.map((service) =>
    couldNotVerify(
      `${service.name} runs on, and the runbook does not name it: ${service.outside}`,
      `Where it writes, stop it: --answer ${questionId}=stop. Where it does not, name all files of the project in the runbook (production.services.file, joined by a colon).`,
    ),
  );
}

const questionId = 'stop-writers.outside';

async function askAbout(running: readonly ServiceStatus[], context: Context): Promise<Outcome<string>> {
  const body = running.map(({ name, outside }) => `${name}: ${outside}`);
  const conflict = {
    code: 'conflict' as const,
    message: `Of this application more runs than the runbook names, and it may write: ${body.join('; ')}.`,
    remedy: `Stop it (--answer ${questionId}=stop; it is started again at the end), leave what does not write (--answer ${questionId}=leave), or name it in the runbook.`,
    retry: 'after-fix' as const,
  };
  const answer = await context.ask({
    kind: 'choose',
    id: questionId,
    stepId: context.stepId,
    title: 'Of this application more runs than the runbook names. What now?',
    body,
    choices: [
      { value: 'stop', label: 'stop these, too' },
      { value: 'leave', label: 'none of them writes: leave them' },
      { value: 'look-again', label: 'look again' },
      { value: 'give-up', label: 'neither' },
    ],
    preferred: 'look-again',
  });
  if (!answer.ok) return answer.failure.code === 'answer-missing' ? fail(conflict) : answer;
  return answer.value.value === 'give-up' ? fail(conflict) : succeed(answer.value.value);
}
