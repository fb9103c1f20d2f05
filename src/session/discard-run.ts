import { fail, type Outcome, succeed } from '../base/failure.ts';
import { type Check, notVerified } from '../base/verdict.ts';
import { cleanUp } from '../engine/clean-up.ts';
import { createJournalWriter } from '../engine/journal-writer.ts';
import { createQuestionDesk } from './question-desk.ts';
import type { SessionRequest } from './session-request.ts';
import { type ContextRequest, createStepContexts } from './step-contexts.ts';

/**
 * Takes away what an unfinished run had made and not put in place, and writes down that nobody goes on with it. Where
 * something could not be taken away the run stays as it is, to be discarded again or gone on with.
 */
export async function discardRun(
  request: ContextRequest & Pick<SessionRequest, 'handlers' | 'reading'>,
  signal: AbortSignal,
): Promise<Outcome<readonly Check[]>> {
  const { folder, redact, reading, world, handlers, steps, mode } = request;
  const journal = createJournalWriter({
    folder,
    redact,
    clock: world.host.clock,
    reading,
    onEntry: () => {},
  });
  const desk = createQuestionDesk({ journal, redact, onChange: () => {} });
  const contexts = createStepContexts({ request, journal, desk, feeds: new Map(), onOutput: () => {} });
  const checks = await cleanUp({
    handlers,
    folder,
    // What was only talked about at a table has made nothing.
    steps: mode === 'tabletop' ? [] : steps,
    context: contexts.forStep,
    stop: signal,
  });
  const left = checks.filter(({ verdict }) => verdict === 'failed');
  if (left.length > 0) return fail(notVerified(left));
  const flushed = await folder.flushOutputs();
  if (!flushed.ok) return flushed;
  const outputs = await folder.outputDigests();
  if (!outputs.ok) return outputs;
  // A run that came to its end keeps its result; only what it could not take away then is told anew.
  const kind = journal.state()?.ended === undefined ? 'run-discarded' : 'cleaned-up';
  await journal.append({ kind, checks: [...checks], outputs: [...outputs.value] });
  return succeed(checks);
}
