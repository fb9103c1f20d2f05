import { succeed } from '../../base/failure.ts';
import { createSecret } from '../../base/secret.ts';
import { couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import type {} from '../../kinds/kind.ts';
import { implementKind, stepId } from '../../kinds/kind.ts';
import { probeFact, smtpProbeKind } from './kinds.ts';

/** A placeholder that was filled with something else asks for the safe way. */
function securityOf(text: string): 'tls' | 'starttls' | 'none' {
  return text === 'tls' || text === 'none' ? text : 'starttls';
}

/**
 * One mail the whole way: the server takes it, and a person finds it in the mailbox. Asked once: after a crash nobody knows
 * whether it went out, and a second one does no harm.
 */
export const smtpProbe = implementKind(smtpProbeKind, {
  async preview(step) {
    return {
      sentences: [
        `Sends one mail from ${step.from} to ${step.to} through ${step.host}:${step.port} (${step.security}).`,
        'Then asks whether it arrived, and in which folder.',
      ],
      commands: [],
    };
  },

  async check() {
    return [];
  },

  async run(step, context) {
    if (context.mode === 'drill' && !step.inDrill)
      return succeed({ kind: 'not-executed', reason: 'the runbook keeps it out of drills' });
    const id = stepId(step);
    const at = new Date(context.world.host.now()).toISOString();
    const sent = await context.world.mail.send({
      host: step.host,
      port: Number(step.port),
      security: securityOf(step.security),
      ...(step.user ? { user: step.user } : {}),
      ...(step.password ? { password: createSecret(step.password) } : {}),
      from: step.from,
      to: step.to,
      subject: `Probe ${context.runId} ${at}`,
      text: `This mail was sent by thaw to find out whether mails arrive.\nRun ${context.runId}, ${at}.\n`,
    });
    if (!sent.ok) return sent;
    context.output(`taken: ${sent.value.answer}`);
    const answer = await context.ask({
      kind: 'choose',
      id: `${id}.seen`,
      stepId: id,
      title: `Did "Probe ${context.runId}" arrive at ${step.to}?`,
      body: [
        `The server took it: ${sent.value.answer}`,
        'Give it five minutes, and look into spam and quarantine too.',
      ],
      choices: [
        { value: 'inbox', label: 'yes, in the inbox' },
        { value: 'spam', label: 'yes, as spam' },
        { value: 'nowhere', label: 'no, nowhere' },
        { value: 'unknown', label: 'nobody can look' },
      ],
      preferred: 'unknown',
    });
    if (!answer.ok) return answer;
    await context.record(probeFact(id), { ...sent.value, seen: answer.value.value });
    return succeed({ kind: 'done' });
  },

  async verify(step, context) {
    const id = stepId(step);
    if (readFact(probeFact(id), context) === undefined) return succeed([]);
    const { answer, seen } = needFact(probeFact(id), context);
    const taken = passed(`${step.host}:${step.port} took the mail: ${answer}`);
    const spam = 'Open it, read Authentication-Results in its head, and mend what does not say pass.';
    const lost =
      'Look for this mail in the log of the provider: suppression list, bounces, quarantine of the receiver.';
    if (seen === 'inbox') return succeed([taken, passed(`it arrived in the inbox of ${step.to}`)]);
    if (seen === 'spam') return succeed([taken, failed(`it arrived at ${step.to} as spam`, spam)]);
    if (seen === 'nowhere') return succeed([taken, failed(`it did not arrive at ${step.to}`, lost)]);
    return succeed([taken, couldNotVerify(`nobody looked into the mailbox of ${step.to}`, 'Look there.')]);
  },
});
