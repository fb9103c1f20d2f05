import type { Engine } from './engine.ts';
import { judgeRun } from './run-end.ts';

/**
 * The last words of a run, where people were named who can say them: the commander declares the recovery, the approver accepts the
 * result. Nobody there to answer is no reason to keep a run open; the record then says that nobody did.
 */
export async function closeRun(engine: Engine): Promise<void> {
  const state = engine.journal.state();
  const people = state?.start.people;
  if (state === undefined || people === undefined || engine.discussion !== undefined) return;
  const verdict = judgeRun(state).replaceAll('-', ' ');
  if (people.commander !== undefined) {
    await engine.ask({
      kind: 'confirm',
      id: 'declare-recovery',
      title: `${people.commander}, do you declare the recovery?`,
      body: [`All steps are done; the result is: ${verdict}.`],
      verb: 'declare',
      inNameOf: people.commander,
    });
  }
  if (people.resultApprover !== undefined) {
    const same = people.resultApprover === people.planApprover;
    await engine.ask({
      kind: 'confirm',
      id: 'approve-result',
      title: `${people.resultApprover}, do you approve the result?`,
      body: [
        `The result is: ${verdict}.`,
        ...(same ? ['The same person approved the plan; the record says so.'] : []),
      ],
      verb: 'approve',
      inNameOf: people.resultApprover,
    });
  }
}
