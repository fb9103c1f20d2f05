import { fail, succeed } from '../../base/failure.ts';
import { passed } from '../../base/verdict.ts';
import type {} from '../../kinds/kind.ts';
import { implementKind, stepId } from '../../kinds/kind.ts';
import { confirmKind } from './kind.ts';

/** A person reads something and agrees. */
export const confirm = implementKind(confirmKind, {
  async preview(step) {
    return { sentences: [step.text], commands: [] };
  },

  async check() {
    return [];
  },

  async run(step, context) {
    if (context.mode === 'drill' && !step.inDrill)
      return succeed({ kind: 'not-executed', reason: 'the runbook keeps it out of drills' });
    const id = stepId(step);
    const answer = await context.ask({
      kind: 'confirm',
      id,
      stepId: id,
      title: step.title ?? step.text,
      body: [step.text],
      verb: 'agree',
    });
    if (!answer.ok) return answer;
    if (answer.value.value === 'yes') return succeed({ kind: 'done' });
    return fail({
      code: 'cancelled',
      message: 'It was not agreed to.',
      remedy: 'Retry when it is true.',
      retry: 'safe',
    });
  },

  async verify(step) {
    return succeed([passed(`agreed: ${step.text}`)]);
  },
});
