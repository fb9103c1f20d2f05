import { assert } from '../base/assert.ts';
import type { Failure } from '../base/failure.ts';
import { couldNotVerify, resultWord } from '../base/verdict.ts';
import { provenOf, weighChecks } from '../journal/run-proof.ts';
import type { RunState } from '../journal/run-state.ts';
import { handlerOf } from '../kinds/handlers.ts';
import { type Step, stepId } from '../kinds/kind.ts';
import type { Stop } from './ask-what-now.ts';
import { lookAtPlaces, refuseOtherPlaces } from './bound-places.ts';
import { cleanUp } from './clean-up.ts';
import type { Engine } from './engine.ts';
import { failedSteps, lostWith } from './go-on-without.ts';
import { performStep } from './perform-step.ts';
import { confirmBeginning, passPreflight } from './preflight.ts';
import { judgeRun, type RunEnd } from './run-end.ts';
import type { StepResult } from './step-result.ts';

/**
 * The loop: look at the facts, choose the next move, perform it, write what came of it, until nothing is left to do.
 * Ends in a value for every failure of the world; the run's own start is in the journal already.
 */
export async function driveRun(engine: Engine): Promise<RunEnd> {
  const kept = stateOf(engine).ended;
  if (kept !== undefined) return { kind: 'finished', verdict: kept.verdict };
  const notBegun = await begin(engine);
  if (notBegun !== undefined) return notBegun;
  let lost: ReadonlySet<string> = new Set();
  for (;;) {
    if (engine.stop.aborted) return stop(engine, { because: 'operator', failure: stoppedByOperator });
    const left = engine.steps.filter((step) => !lost.has(stepId(step)));
    const move = nextMove(left, stateOf(engine));
    if (move.kind === 'finish') {
      if (await holdsNoMore(engine, 'at the end')) continue;
      return finish(engine);
    }
    // At a table one thing is talked about at a time, whatever would run side by side.
    const steps = engine.discussion === undefined ? move.steps : move.steps.slice(0, 1);
    const stopped = await performGroup(engine, steps);
    if (stopped === undefined) continue;
    if (!isLostDrill(engine, stopped)) return stop(engine, stopped);
    const more = failedSteps(left, stateOf(engine));
    if (more.length === 0) return finish(engine);
    lost = lostWith(new Set([...lost, ...more]), engine, stateOf(engine));
  }
}

/** The checks, and in a live run the word of a person. Nothing was touched when this ends the run. */
async function begin(engine: Engine): Promise<RunEnd | undefined> {
  if (engine.discussion !== undefined) return undefined;
  const blocked = await passPreflight(engine);
  if (engine.stop.aborted) return stop(engine, { because: 'operator', failure: stoppedByOperator });
  if (blocked !== undefined) {
    await noteStop(engine, blocked);
    return { kind: 'blocked', failure: blocked };
  }
  const elsewhere = await bindPlaces(engine);
  if (elsewhere !== undefined) return elsewhere;
  const broken = await lookAtPromises(engine);
  if (broken !== undefined) return broken;
  if (!engine.live || hasBegun(engine)) return undefined;
  const begun = await confirmBeginning(engine);
  if (begun.ok) return undefined;
  const because = begun.failure.code === 'answer-missing' ? 'answer-missing' : 'operator';
  return stop(engine, { because, failure: begun.failure });
}

/** Bound are the places that passed the preflight, not whatever a first attempt had been given by mistake. */
async function bindPlaces(engine: Engine): Promise<RunEnd | undefined> {
  const { places, start } = stateOf(engine);
  const now = await lookAtPlaces({ ...engine.checkContext, handlers: engine.handlers });
  const other = refuseOtherPlaces({ runId: start.runId, places }, now);
  if (other !== undefined) {
    await noteStop(engine, other);
    return { kind: 'blocked', failure: other };
  }
  const fresh = Object.entries(now).filter(([name]) => places[name] === undefined);
  if (fresh.length > 0) {
    await engine.journal.append({ kind: 'places-bound', places: Object.fromEntries(fresh) });
  }
  return undefined;
}

/** What finished steps proved was true then; between two processes of a run hours may lie, and a reboot. */
async function lookAtPromises(engine: Engine): Promise<RunEnd | undefined> {
  for (const step of engine.steps) {
    if (stateOf(engine).steps.get(stepId(step))?.kind !== 'finished') continue;
    const handler = handlerOf(engine.handlers, step);
    const holds = await handler.stillHolds?.(step, engine.context(step, engine.stop));
    if (holds === undefined || holds.ok) continue;
    if (engine.stop.aborted || holds.failure.code === 'cancelled')
      return stop(engine, { because: 'operator', failure: stoppedByOperator });
    await noteStop(engine, holds.failure);
    return { kind: 'blocked', failure: holds.failure };
  }
  await holdsNoMore(engine, 'on coming back');
  return undefined;
}

/**
 * What finished steps started and others can end: a service that crashes, or that nobody started after a reboot. A step whose look
 * fails is open again. Coming back, only that is worth a fact: the end looks at everything.
 */
async function holdsNoMore(engine: Engine, when: 'on coming back' | 'at the end'): Promise<boolean> {
  let open = false;
  for (const step of engine.steps) {
    const state = stateOf(engine).steps.get(stepId(step));
    const handler = handlerOf(engine.handlers, step);
    if (state?.kind !== 'finished' || handler.lookAgain === undefined || engine.stop.aborted) continue;
    const seen = await handler.lookAgain(step, engine.context(step, engine.stop));
    const checks = seen.ok
      ? weighChecks(seen.value, stateOf(engine).start.proof)
      : [couldNotVerify(`looked at again: ${seen.failure.message}`, seen.failure.remedy)];
    const holds = checks.every(({ verdict }) => verdict !== 'failed');
    if (holds && when === 'on coming back') continue;
    const { attempt } = state;
    await engine.journal.append({
      kind: 'looked-again',
      stepId: stepId(step),
      attempt,
      checks: [...checks],
    });
    open ||= !holds;
  }
  return open;
}

function stateOf(engine: Engine): RunState {
  const state = engine.journal.state();
  assert(state !== undefined, 'a run is driven only after its start was written');
  return state;
}

/**
 * A drill that failed while nobody was there to ask: it goes on where that failure is in no step's way, says in the index that it failed,
 * and takes away what it made, or cron would fill the drill's server with one database a week. What lacks only an answer can still be
 * resumed.
 */
function isLostDrill(engine: Engine, stopped: Stop): boolean {
  return !engine.live && stopped.because === 'failure' && stopped.failure.code !== 'answer-missing';
}

function hasBegun(engine: Engine): boolean {
  return [...stateOf(engine).steps.values()].some((step) => step.kind !== 'pending');
}

const stoppedByOperator: Failure = {
  code: 'cancelled',
  message: 'The operator stopped the run.',
  remedy: 'Go on with `thaw resume`.',
  retry: 'safe',
};

/**
 * Side by side. When the operator stops one of them, or goes back, the others are asked to end at their next safe point. A failure
 * that nobody decided about ends none of them: hours of a restore are not thrown away for an object.
 */
async function performGroup(engine: Engine, steps: readonly Step[]): Promise<Stop | undefined> {
  const group = new AbortController();
  const signal = AbortSignal.any([engine.stop, group.signal]);
  const firstEnded = Promise.withResolvers<void>();
  const results = await Promise.allSettled(
    steps.map(async (step, index): Promise<StepResult> => {
      try {
        const handler = handlerOf(engine.handlers, step);
        const besideEnded = index === 0 ? Promise.resolve() : firstEnded.promise;
        const result = await performStep({ engine, step, handler, signal, besideEnded });
        const isDecided = result.kind === 'stopped' && result.decision.because === 'operator';
        if (result.kind === 'reopened' || isDecided) group.abort();
        return result;
      } catch (error) {
        // The journal is lost, or this is a bug of ours: no step may go on beside it.
        group.abort();
        throw error;
      } finally {
        if (index === 0) firstEnded.resolve();
      }
    }),
  );
  const broken = results.find((result) => result.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  const ended = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const reopened = ended.find((result) => result.kind === 'reopened');
  if (reopened !== undefined) {
    // Only now: a step that ended a moment later would otherwise count as done with the snapshot that was given up.
    await engine.journal.append({ kind: 'steps-reopened', fromStepId: reopened.fromStepId });
    return undefined;
  }
  const stops = ended.flatMap((result) => (result.kind === 'stopped' ? [result.decision] : []));
  // The one that was stopped first tells why; the others only followed.
  return stops.find((decision) => decision.failure.code !== 'cancelled') ?? stops[0];
}

async function stop(engine: Engine, { because, failure }: Omit<Stop, 'kind'>): Promise<RunEnd> {
  await noteStop(engine, failure);
  return { kind: 'stopped', because, failure };
}

/** With the digests of what was printed so far, where the disk lets them be read: a stopped run is evidence, too. */
async function noteStop(engine: Engine, failure: Failure): Promise<void> {
  const flushed = await engine.folder.flushOutputs();
  const digests = flushed.ok ? await engine.folder.outputDigests() : flushed;
  const outputs = digests.ok ? { outputs: [...digests.value] } : {};
  await engine.journal.append({ kind: 'run-stopped', reason: failure.message, ...outputs });
}

async function finish(engine: Engine): Promise<RunEnd> {
  if (engine.proveKit !== undefined) {
    await engine.journal.append({ kind: 'kit-proven', checks: [...(await engine.proveKit())] });
  }
  await engine.journal.append({ kind: 'cleaned-up', checks: [...(await cleanUpAfter(engine))] });
  await closeRun(engine);
  const verdict = judgeRun(stateOf(engine));
  const flushed = await engine.folder.flushOutputs();
  if (!flushed.ok) return stop(engine, { because: 'failure', failure: flushed.failure });
  const outputs = await engine.folder.outputDigests();
  if (!outputs.ok) return stop(engine, { because: 'failure', failure: outputs.failure });
  await engine.journal.append({ kind: 'run-finished', verdict, outputs: [...outputs.value] });
  return { kind: 'finished', verdict };
}

/** What a live run made is in use; of what was only talked about nothing is there. */
async function cleanUpAfter(engine: Engine) {
  const isDrill = !engine.live && engine.discussion === undefined;
  const checks = await cleanUp({ ...engine, steps: isDrill ? engine.steps : [] });
  if (engine.discussion !== undefined) return checks.filter(({ verdict }) => verdict !== 'passed');
  const { runId } = stateOf(engine).start;
  const wayOn = `Then \`thaw discard ${runId}\` takes away what is left.`;
  return checks.map((check) =>
    check.verdict === 'failed' ? { ...check, remedy: `${check.remedy ?? ''} ${wayOn}`.trim() } : check,
  );
}

/**
 * The last words of a run, where people were named who can say them: the commander declares the recovery, the approver accepts the
 * result. Nobody there to answer is no reason to keep a run open; the record then says that nobody did.
 */
async function closeRun(engine: Engine): Promise<void> {
  const state = engine.journal.state();
  const people = state?.start.people;
  if (state === undefined || people === undefined || engine.discussion !== undefined) return;
  const verdict = resultWord(judgeRun(state), provenOf(state));
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

/** What to do next. Chosen by looking at the facts alone, so a resumed run chooses as an undisturbed one would. */
type Move = { readonly kind: 'begin-steps'; readonly steps: readonly Step[] } | { readonly kind: 'finish' };

/** Steps in the order of the runbook; a step marked `alongside` joins the group of the step before it. */
function groupSteps(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (step.alongside && last !== undefined) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** The first group with an open step; of that group, every step that is still open. */
function nextMove(steps: readonly Step[], state: RunState): Move {
  for (const group of groupSteps(steps)) {
    const open = group.filter((step) => {
      const kind = state.steps.get(stepId(step))?.kind;
      return kind !== 'finished' && kind !== 'skipped';
    });
    if (open.length > 0) return { kind: 'begin-steps', steps: open };
  }
  return { kind: 'finish' };
}
