import { type CommandContext, printJson, printLine } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { pastRuns } from '../../app/past-runs.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { formatDuration } from '../../base/units.ts';
import { renderTrend, type TrendRun } from '../../record/trend.ts';

/** The last runs of one runbook side by side, step by step: work alone, without waiting for answers. */
export async function showTrend(
  request: { readonly runbook: string; readonly logFolder: string; readonly json: boolean },
  context: Pick<CommandContext, 'stdout'>,
): Promise<Outcome<number>> {
  // Runs are found by the name inside the runbook, however it was given.
  const { logFolder, json } = request;
  const runbook = request.runbook.replace(/^.*\//, '').replace(/\.ya?ml$/, '');
  const records = await pastRuns({ logFolder, name: runbook });
  if (!records.ok) return records;
  // A tabletop measures nothing, so there is nothing of it to compare.
  const runs = renderTrend(records.value.filter(({ mode }) => mode !== 'tabletop'));
  if (json) {
    printJson(context, JSON.stringify({ type: 'thaw', version: 1, command: 'records trend', runbook }));
    for (const run of runs) printJson(context, JSON.stringify({ type: 'trend', ...run }));
    return succeed(exitStatus.verified);
  }
  if (runs.length === 0) {
    printLine(context, `There is no finished drill or restore of ${runbook} in ${logFolder}.`);
    return succeed(exitStatus.verified);
  }
  for (const line of table(runs)) printLine(context, line);
  return succeed(exitStatus.verified);
}

function table(runs: readonly TrendRun[]): readonly string[] {
  const steps = [...new Set(runs.flatMap(({ stepMs }) => Object.keys(stepMs)))];
  const time = (ms: number | undefined) => (ms === undefined ? '-' : formatDuration(ms));
  const rows = [
    ['', ...runs.map(({ startedAt }) => startedAt.slice(0, 16).replace('T', ' ')), 'change'],
    ...steps.map((id) => [
      id,
      ...runs.map(({ stepMs }) => time(stepMs[id])),
      change(runs, (run) => run.stepMs[id]),
    ]),
    ['waiting', ...runs.map(({ waitedMs }) => time(waitedMs)), ''],
    ['RTO', ...runs.map(({ rtoMs }) => time(rtoMs)), change(runs, ({ rtoMs }) => rtoMs)],
    ['target', ...runs.map(({ targetMs }) => time(targetMs)), ''],
    ['result', ...runs.map(({ result }) => result), ''],
  ];
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((cell, index) => Math.max(cell.length, known[index] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** The last run against the one before it. */
function change(runs: readonly TrendRun[], take: (run: TrendRun) => number | undefined): string {
  const [before, last] = runs.slice(-2).map(take);
  if (before === undefined || last === undefined || runs.length < 2) return '';
  const differenceMs = last - before;
  if (Math.abs(differenceMs) < 1000) return '=';
  return `${differenceMs > 0 ? '+' : '-'}${formatDuration(Math.abs(differenceMs))}`;
}
