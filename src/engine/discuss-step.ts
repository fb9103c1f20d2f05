import type { Failure } from '../base/failure.ts';
import { stepId } from '../kinds/kind.ts';
import type { Choice } from '../ports/operator.ts';
import type { StepInHand } from './ask-what-now.ts';
import type { StepResult } from './step-result.ts';

/**
 * What a step does in a tabletop: it shows what it would do and asks, and acts on nothing. Neither `check` nor `run` nor `verify` of
 * its kind is called, so no kind can forget to hold still.
 */
export async function discussStep(inHand: StepInHand): Promise<StepResult> {
  const { engine, step, handler } = inHand;
  const id = stepId(step);
  const attempt = (engine.journal.state()?.steps.get(id)?.attempt ?? 0) + 1;
  const { sentences, commands } = await handler.preview(step, engine.previewContext);
  await engine.journal.append({
    kind: 'step-started',
    stepId: id,
    attempt,
    sentences: [...sentences],
    commands: [...commands],
  });
  // The commands stand in the record as what would run; `command-run` would claim that they did.
  const would = commands.map((command) => `would run: ${command}`);
  const decisions: string[] = [];
  const injects = (engine.discussion?.injects ?? []).map((inject, index) => ({
    ...inject,
    number: index + 1,
  }));
  for (const inject of injects.filter(({ before }) => before === id)) {
    const decided = await decide(inHand, {
      id: `${id}.inject-${inject.number}`,
      title: inject.text,
      body: [`Before "${step.title ?? handler.title}". What do you do?`],
      choices: injectChoices,
    });
    if (decided.kind !== 'decided') return decided;
    decisions.push(`inject ${inject.number} ${decided.words}`);
  }
  const decided = await decide(inHand, {
    id: `${id}.decide`,
    title: `${step.title ?? handler.title}: would you do it as written?`,
    body: [...sentences, ...would],
    choices: stepChoices,
  });
  if (decided.kind !== 'decided') return decided;
  const reason = ['discussed, not executed', decided.words, ...decisions].join('; ');
  await engine.journal.append({ kind: 'step-skipped', stepId: id, reason, because: 'mode' });
  return { kind: 'closed' };
}

const gap: Choice = { value: 'gap', label: 'it cannot be done: a gap', needsReason: true };
const stop: Choice = { value: 'stop', label: 'stop the exercise here' };

const stepChoices: readonly Choice[] = [
  { value: 'as-written', label: 'as written' },
  { value: 'differently', label: 'differently', needsReason: true },
  gap,
  stop,
];

const injectChoices: readonly Choice[] = [
  { value: 'handled', label: 'we know what to do', needsReason: true },
  gap,
  { value: 'not-relevant', label: 'it changes nothing', needsReason: true },
  stop,
];

const stopped: Failure = {
  code: 'cancelled',
  message: 'The exercise was stopped at the table.',
  remedy: 'Go on with `thaw resume`.',
  retry: 'safe',
};

async function decide(
  { engine, step }: StepInHand,
  question: {
    readonly id: string;
    readonly title: string;
    readonly body: readonly string[];
    readonly choices: readonly Choice[];
  },
): Promise<Exclude<StepResult, { kind: 'closed' }> | { readonly kind: 'decided'; readonly words: string }> {
  const asked = await engine.ask({ kind: 'choose', stepId: stepId(step), ...question });
  if (!asked.ok) {
    const because = asked.failure.code === 'answer-missing' ? 'answer-missing' : 'operator';
    return { kind: 'stopped', decision: { kind: 'stop', because, failure: asked.failure } };
  }
  const { value, note } = asked.value;
  if (value === 'stop') {
    return { kind: 'stopped', decision: { kind: 'stop', because: 'operator', failure: stopped } };
  }
  const label = question.choices.find((choice) => choice.value === value)?.label ?? value;
  return { kind: 'decided', words: note === undefined ? label : `${label} (${note})` };
}
