import type { Failure } from '../base/failure.ts';
import { type Check, couldNotVerify, passed } from '../base/verdict.ts';
import type { Step } from '../runbook/step-schema.ts';
import type { Engine } from './engine.ts';
import { nextMove } from './next-move.ts';
import { performStep, type StepResult } from './perform-step.ts';
import { confirmBeginning, passPreflight } from './preflight.ts';
import { judgeRun, type RunEnd, type StopReason } from './run-end.ts';
import { handlerOf } from './step-handler.ts';

/**
 * The loop: look at the facts, choose the next move, perform it, write what came of it, until nothing is left to do.
 * Ends in a value for every failure of the world; the run's own start is in the journal already.
 */
export async function driveRun(engine: Engine): Promise<RunEnd> {
  const blocked = await passPreflight(engine);
  if (blocked !== undefined) {
    await engine.journal.append({ kind: 'run-stopped', reason: blocked.message });
    return { kind: 'blocked', failure: blocked };
  }
  if (engine.live && !hasBegun(engine)) {
    const begun = await confirmBeginning(engine);
    if (!begun.ok)
      return stop(
        engine,
        begun.failure.code === 'answer-missing' ? 'answer-missing' : 'operator',
        begun.failure,
      );
  }
  for (;;) {
    const state = engine.journal.state();
    if (state === undefined) throw new Error('Broken promise: a run is driven before its start was written');
    if (state.ended !== undefined) return { kind: 'finished', verdict: state.ended.verdict };
    const move = nextMove(engine.steps, state);
    if (move.kind === 'finish') return finish(engine);
    const stopped = await performGroup(engine, move.steps);
    if (stopped !== undefined) return stop(engine, stopped.because, stopped.failure);
    if (engine.stop.aborted) return stop(engine, 'operator', stoppedByOperator);
  }
}

function hasBegun(engine: Engine): boolean {
  return [...(engine.journal.state()?.steps.values() ?? [])].some((step) => step.kind !== 'pending');
}

const stoppedByOperator: Failure = {
  code: 'cancelled',
  message: 'The operator stopped the run.',
  remedy: 'Go on with `thaw resume`.',
  retry: 'safe',
};

/** Side by side. When one of them is stopped, the others are asked to end at their next safe point. */
async function performGroup(engine: Engine, steps: readonly Step[]) {
  const group = new AbortController();
  const signal = AbortSignal.any([engine.stop, group.signal]);
  const results = await Promise.all(
    steps.map(async (step): Promise<StepResult> => {
      const result = await performStep(engine, step, signal);
      if (result.kind !== 'closed') group.abort();
      return result;
    }),
  );
  if (results.some((result) => result.kind === 'reopened')) return undefined;
  const stops = results.flatMap((result) => (result.kind === 'stopped' ? [result.decision] : []));
  // The one that was stopped first tells why; the others only followed.
  return stops.find((decision) => decision.failure.code !== 'cancelled') ?? stops[0];
}

async function stop(engine: Engine, because: StopReason, failure: Failure): Promise<RunEnd> {
  await engine.journal.append({ kind: 'run-stopped', reason: failure.message });
  return { kind: 'stopped', because, failure };
}

async function finish(engine: Engine): Promise<RunEnd> {
  await engine.journal.append({ kind: 'cleaned-up', checks: [...(await cleanUp(engine))] });
  const state = engine.journal.state();
  const verdict = state === undefined ? 'could-not-verify' : judgeRun(state);
  const flushed = await engine.folder.flushOutputs();
  if (!flushed.ok) return stop(engine, 'failure', flushed.failure);
  const outputs = await engine.folder.outputDigests();
  if (!outputs.ok) return stop(engine, 'failure', outputs.failure);
  await engine.journal.append({ kind: 'run-finished', verdict, outputs: [...outputs.value] });
  return { kind: 'finished', verdict };
}

/** Nothing decrypted stays behind; a drill takes away what it made. */
async function cleanUp(engine: Engine): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const step of engine.steps.toReversed()) {
    const handler = handlerOf(engine.handlers, step);
    if (engine.live || handler.cleanUp === undefined) continue;
    checks.push(...(await handler.cleanUp(step as never, engine.context(step, engine.stop))));
  }
  const cleared = await engine.folder.clearWork();
  checks.push(
    cleared.ok
      ? passed('decrypted files removed from this host')
      : couldNotVerify(
          `decrypted files may still be on this host: ${cleared.failure.message}`,
          cleared.failure.remedy,
        ),
  );
  return checks;
}
