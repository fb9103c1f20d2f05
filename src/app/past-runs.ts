import { type Outcome, succeed } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import type { History } from '../journal/exercise.ts';
import type { DrillRecord } from '../record/record-schema.ts';
import { renderRecord } from '../record/render-record.ts';
import { expectSteps, openActionsOf } from '../record/trend.ts';
import { listRunIds, openRun } from './run-log.ts';

/** More would say what the system was like long ago, and cost time before every start. */
const mostRuns = 10;

/** Finished runs of one runbook, oldest first. What cannot be read is told by `records list`, not here. */
export async function pastRuns(request: {
  readonly logFolder: string;
  readonly name: string;
  readonly mode?: Mode;
}): Promise<Outcome<readonly DrillRecord[]>> {
  const { logFolder, name, mode } = request;
  const found: DrillRecord[] = [];
  const ids = await listRunIds(logFolder);
  if (!ids.ok) return ids;
  for (const runId of ids.value) {
    if (found.length >= mostRuns) break;
    if (!runId.includes(`Z-${name}-`)) continue;
    const run = await openRun({ logFolder, runId });
    if (!run.ok) continue;
    const { reading, state } = run.value;
    const fits = state.start.runbook.name === name && (mode === undefined || state.start.mode === mode);
    if (!fits || state.ended === undefined) continue;
    const record = renderRecord(reading.entries, reading.head.hash);
    if (record !== undefined) found.push(record);
  }
  return succeed(found.reverse());
}

export async function readHistory(request: {
  readonly logFolder: string;
  readonly name: string;
  readonly mode: Mode;
}): Promise<History | undefined> {
  const records = await pastRuns(request);
  if (!records.ok || records.value.length === 0) return undefined;
  return {
    runs: records.value.map(({ runId }) => runId),
    steps: expectSteps(records.value),
    openActions: openActionsOf(records.value),
  };
}

/** Which snapshots were restored and verified before, by the newest run that did: drill 04-26. */
export async function findProvenSnapshots(request: {
  readonly logFolder: string;
  readonly name: string;
}): Promise<ReadonlyMap<string, string>> {
  const proven = new Map<string, string>();
  const records = await pastRuns(request);
  for (const { mode, result, recoveryPoint, window } of records.ok ? records.value : []) {
    if (mode === 'tabletop' || result.verdict !== 'passed' || recoveryPoint === undefined) continue;
    proven.set(recoveryPoint.snapshot, `${mode} ${window.startedAt.slice(5, 10)}`);
  }
  return proven;
}
