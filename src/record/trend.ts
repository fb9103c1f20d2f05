import type { Expectation, OpenAction } from '../journal/exercise.ts';
import type { DrillRecord, StepRecord } from './record-schema.ts';

/** The same walk, several times: what it took each time, and what that lets one expect. */

/** Without waiting for answers: a person's pause says nothing about the next run. */
export function workedMs(step: StepRecord): number | undefined {
  if (step.outcome !== 'passed' && step.outcome !== 'could-not-verify') return undefined;
  const last = step.attempts.at(-1);
  return last?.durationMs === undefined ? undefined : last.durationMs - last.waitedForOperatorMs;
}

export type TrendRun = {
  readonly runId: string;
  readonly startedAt: string;
  readonly result: string;
  readonly rtoMs?: number;
  readonly targetMs: number;
  readonly waitedMs: number;
  readonly stepMs: Readonly<Record<string, number>>;
};

/** @param records finished runs of one runbook in one mode, oldest first. */
export function renderTrend(records: readonly DrillRecord[]): readonly TrendRun[] {
  return records.map(({ runId, window, result, rto, steps }) => ({
    runId,
    startedAt: window.startedAt,
    result: result.verdict,
    ...(rto.actualMs === undefined ? {} : { rtoMs: rto.actualMs }),
    targetMs: rto.targetMs,
    waitedMs: window.waitedForOperatorMs,
    stepMs: Object.fromEntries(
      steps.flatMap((step) => {
        const ms = workedMs(step);
        return ms === undefined ? [] : [[step.id, ms]];
      }),
    ),
  }));
}

export function expectSteps(records: readonly DrillRecord[]): Readonly<Record<string, Expectation>> {
  const known = new Map<string, number[]>();
  for (const { stepMs } of renderTrend(records))
    for (const [id, ms] of Object.entries(stepMs)) known.set(id, [...(known.get(id) ?? []), ms]);
  return Object.fromEntries([...known].map(([id, all]) => [id, expectation(all)]));
}

function expectation(all: readonly number[]): Expectation {
  const sorted = [...all].sort((a, b) => a - b);
  return {
    medianMs: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0,
    longestMs: sorted.at(-1) ?? 0,
    runs: sorted.length,
  };
}

/** What earlier runs left to be done, oldest first; a later record repeats what is still open from before it. */
export function openActionsOf(records: readonly DrillRecord[]): OpenAction[] {
  return records.flatMap(({ runId, actions }) =>
    actions
      .filter(({ status }) => status === 'open')
      .map(({ text, owner, due }) => ({
        runId,
        text,
        ...('value' in owner ? { owner: owner.value } : {}),
        ...('value' in due ? { due: due.value } : {}),
      })),
  );
}
