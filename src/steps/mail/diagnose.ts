import { readEnvFile } from '../../base/env-file.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { type Check, couldNotVerify, failed, passed, skipped } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import type { StepContext, StepOf } from '../../kinds/kind.ts';
import { implementKind, stepId } from '../../kinds/kind.ts';
import { blocker } from '../../operations/open-targets.ts';
import { diagnoseKind, foundFact } from './kinds.ts';

type Question = StepOf<typeof diagnoseKind>['questions'][number];
type Found = { readonly value: string; readonly by: string };

/**
 * Questions in an order that somebody thought about: the likeliest and cheapest first. What the program can see it sees; the
 * first yes is the cause, and a retry after it was mended asks that one again and goes on from there.
 */
export const diagnose = implementKind(diagnoseKind, {
  async preview(step) {
    return { sentences: step.questions.map(({ title }, index) => `${index + 1}. ${title}`), commands: [] };
  },

  async check(step, context) {
    if (!step.questions.some(({ variable }) => variable !== undefined)) return [];
    const path = context.targets.production.envFile ?? '';
    const text = await context.world.host.readTextFile(path);
    return [text.ok ? passed(`${path} can be read`) : blocker(text.failure)];
  },

  async run(step, context) {
    for (const question of step.questions) {
      const before = readFact(foundFact(question.id), context);
      if (before?.value === 'no') continue;
      const found = await answer(question, { context, stepId: stepId(step) });
      if (!found.ok) return found;
      await context.record(foundFact(question.id), found.value);
      if (found.value.value === 'yes') break;
    }
    return succeed({ kind: 'done' });
  },

  async verify(step, context) {
    const checks: Check[] = [];
    let cause = false;
    for (const question of step.questions) {
      const found = readFact(foundFact(question.id), context);
      checks.push(judge(question, { found, cause }));
      cause ||= found?.value === 'yes';
    }
    if (!cause) {
      checks.push(
        couldNotVerify('none of the questions found a cause', 'Go on with what the next steps show.'),
      );
    }
    return succeed(checks);
  },
});

function judge(
  { title, cause, remedy }: Question,
  known: { readonly found: Found | undefined; readonly cause: boolean },
): Check {
  const { found } = known;
  if (known.cause || found === undefined) return skipped(`${title} Not asked: the cause is found.`);
  const by = `(${found.by})`;
  if (found.value === 'yes') return failed(`${title} Yes: ${cause} ${by}`, remedy);
  if (found.value === 'no') return passed(`${title} No ${by}`);
  return couldNotVerify(`${title} Nobody could tell ${by}`, remedy);
}

async function answer(
  question: Question,
  at: { readonly context: StepContext<'host'>; readonly stepId: string },
): Promise<Outcome<Found>> {
  const { context, stepId } = at;
  if (question.variable !== undefined) return lookIntoEnvironment(question.variable, context);
  const asked = await context.ask({
    kind: 'choose',
    id: `${stepId}.${question.id}`,
    stepId,
    title: question.title,
    body: [question.instructions],
    choices: [
      { value: 'no', label: 'no, that is not it' },
      { value: 'yes', label: 'yes' },
      { value: 'unknown', label: 'cannot tell' },
    ],
    preferred: 'unknown',
  });
  if (!asked.ok) return asked;
  return succeed({ value: asked.value.value, by: asked.value.by === 'operator' ? 'a person' : 'an option' });
}

/** Whether it is set, never what it is: an env file holds secrets. */
async function lookIntoEnvironment(variable: string, context: StepContext<'host'>): Promise<Outcome<Found>> {
  const path = context.targets.production.envFile ?? '';
  const text = await context.world.host.readTextFile(path);
  if (!text.ok) return text;
  const read = readEnvFile(text.value, { path });
  if (!read.ok) return read;
  const value = read.value.values.get(variable) ?? '';
  context.output(`${variable} is ${value.trim() === '' ? 'not set' : 'set'} in ${path}`);
  return succeed({ value: value.trim() === '' ? 'no' : 'yes', by: `read from ${path}` });
}
