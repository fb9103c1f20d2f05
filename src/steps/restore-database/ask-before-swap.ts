import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { type Check, notVerified } from '../../base/verdict.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { type Application, judgeAgain } from '../../operations/application-rights.ts';
import { foreseeApplication } from './judge-application.ts';

/** What would not be as it was once the swap is made, and has to be known before its name is typed. */

/** What later steps will prove is tried now: a key that does not open what was restored is cheaper to find before the swap than after it. */
export async function judgeKeys(context: StepContext, database: string): Promise<Outcome<readonly Check[]>> {
  const checks = await context.foresee(database);
  const bad = badOf(checks);
  if (bad.length === 0) return succeed(checks);
  const answer = await context.ask({
    kind: 'choose',
    id: 'restore-database.keys',
    stepId: context.stepId,
    title: 'A key does not open the restored rows. Swap all the same?',
    body: bad.flatMap(({ text, remedy }) => [text, ...(remedy === undefined ? [] : [remedy])]),
    choices: [
      { value: 'stop', label: 'no, the right key has to be found first' },
      { value: 'accept', label: 'yes, these rows are given up', needsReason: true },
    ],
    preferred: 'stop',
  });
  // Where nobody is there to give rows up, the key that does not hold is the reason, and not the missing answer.
  if (!answer.ok) return answer.failure.code === 'answer-missing' ? fail(notVerified(bad)) : answer;
  return answer.value.value === 'accept' ? succeed(checks) : fail(notVerified(bad));
}

/** Rights that the application would lose are granted again in a minute, or the dump is the wrong one: a person knows which. */
export async function judgeApplication(
  application: Application | undefined,
  context: StepContext<'databases'>,
): Promise<Outcome<readonly Check[]>> {
  if (badOf(foreseeApplication(context)).length > 0) {
    // An earlier attempt may have stopped at this question, and somebody made the role, or granted, meanwhile.
    const judged = await judgeAgain(context, application);
    if (!judged.ok) return judged;
  }
  const checks = foreseeApplication(context);
  const bad = badOf(checks);
  if (bad.length === 0) return succeed(checks);
  const answer = await context.ask({
    kind: 'choose',
    id: 'restore-database.application',
    stepId: context.stepId,
    title: 'The application would not have its rights. Swap all the same?',
    body: bad.flatMap(({ text, remedy }) => [text, ...(remedy === undefined ? [] : [remedy])]),
    choices: [
      { value: 'stop', label: 'no, the rights have to be there first' },
      { value: 'accept', label: 'yes, they are granted by hand after the swap', needsReason: true },
    ],
    preferred: 'stop',
  });
  // As with the keys: what is wrong is the reason, and not the missing answer.
  if (!answer.ok) return answer.failure.code === 'answer-missing' ? fail(notVerified(bad)) : answer;
  return answer.value.value === 'accept' ? succeed(checks) : fail(notVerified(bad));
}

function badOf(checks: readonly Check[]): readonly Check[] {
  return checks.filter(({ verdict }) => verdict === 'failed');
}
