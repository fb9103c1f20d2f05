import { formatCount, formatSpan } from '../base/units.ts';

/** What the last runs of a command came to. */
export type JobResults = {
  readonly newest:
    | {
        readonly id: string;
        readonly atMs: number;
        readonly verdict: 'passed' | 'failed' | 'could-not-verify';
      }
    | undefined;
  /** So many of the newest did not pass, one after the other. */
  readonly inARow: number;
  readonly lastPassedMs: number | undefined;
};

type JobFinding = {
  readonly id: string;
  readonly severity: 'critical' | 'warning';
  readonly unsure?: true;
  readonly text: string;
  readonly remedy: string;
};

/** What nobody may take for healthy: the newest one did not pass. */
export function judgeJob(
  results: JobResults | undefined,
  words: { readonly id: string; readonly what: string; readonly again: string },
): readonly JobFinding[] {
  const { newest, inARow = 0 } = results ?? {};
  if (newest === undefined || newest.verdict === 'passed') return [];
  const { id, what, again } = words;
  const isUnsure = newest.verdict === 'could-not-verify';
  const count = inARow > 1 ? `; none of the last ${formatCount(inARow)} passed` : '';
  return [
    {
      id,
      ...(isUnsure
        ? { severity: 'warning' as const, unsure: true as const }
        : { severity: 'critical' as const }),
      text: `the newest ${what}, ${newest.id}, ${isUnsure ? 'did not prove everything' : 'failed'}${count}`,
      remedy: `Read what it says, mend what it names, and run \`${again}\` again.`,
    },
  ];
}

/** A drill takes its time, and its schedule counts from when it begins. */
const graceFactor = 1.1;

export function judgeDue(known: {
  readonly drills?: JobResults | undefined;
  readonly nowMs: number;
  readonly everyMs: number | undefined;
}): readonly JobFinding[] {
  const { drills, nowMs, everyMs } = known;
  // Drills of another host have another log: what was never seen here is not judged here.
  if (everyMs === undefined || drills === undefined) return [];
  const lastMs = drills.lastPassedMs;
  if (lastMs !== undefined && nowMs - lastMs <= everyMs * graceFactor) return [];
  const since =
    lastMs === undefined
      ? 'there is none that did'
      : `the last one that did is ${formatSpan(nowMs - lastMs)} old`;
  return [
    {
      id: 'drill-due',
      severity: 'warning',
      text: `no drill passed within ${formatSpan(everyMs)}, as the runbook asks: ${since}`,
      remedy: 'Run `thaw drill` now, and look at its schedule on the host that should run it.',
    },
  ];
}
