import type { Mode } from '../base/mode.ts';
import type { EntryOf } from '../journal/entry.ts';
import type { Exercise, People } from '../journal/exercise.ts';
import { durationMs } from '../kinds/targets.ts';
import type { Options } from './arguments.ts';
import type { ReadyRunbook } from './load-runbook.ts';
import { readHistory } from './past-runs.ts';

export type AboutRun = Pick<
  EntryOf<'run-started'>,
  'people' | 'exercise' | 'marks' | 'history' | 'anchor' | 'lostAtMs'
>;

/** What stands around a run: from the runbook, from the command line, and from the runs before it. */
export async function aboutRun(request: {
  readonly ready: ReadyRunbook;
  readonly mode: Mode;
  readonly options: Options;
  readonly logFolder: string;
  readonly nowMs: number;
}): Promise<AboutRun> {
  const { ready, mode, options, logFolder, nowMs } = request;
  const { lostAt, record } = options;
  const anchor = ready.filled.records?.anchor;
  const history = await readHistory({ logFolder, name: ready.runbook.name, mode });
  return {
    lostAtMs: lostAt === undefined ? nowMs : Date.parse(lostAt),
    people: namePeople(ready, record.people),
    exercise: describeExercise(ready),
    marks: {
      lostAtGiven: lostAt !== undefined,
      ...(record.detectedAt === undefined ? {} : { detectedAtMs: Date.parse(record.detectedAt) }),
      ...(record.declaredAt === undefined ? {} : { declaredAtMs: Date.parse(record.declaredAt) }),
    },
    ...(history === undefined ? {} : { history }),
    // A tabletop contacts nothing, so nothing of it is anchored.
    ...(anchor === undefined || mode === 'tabletop'
      ? {}
      : { anchor: `${anchor} in the backup store, one object for each end of the run` }),
  };
}

/** What the command line says goes before what the runbook says. */
function namePeople({ filled }: ReadyRunbook, given: Options['record']['people']): People {
  const roles = filled.exercise?.people ?? {};
  const names = ['commander', 'operator', 'witness', 'planApprover', 'resultApprover'] as const;
  const named = names.flatMap((role) => {
    const name = given[role] ?? roles[role];
    return name === undefined ? [] : [[role, name] as const];
  });
  return { ...Object.fromEntries(named), observers: [...given.observers], absent: [...given.absent] };
}

function describeExercise({ filled }: ReadyRunbook): Exercise {
  const { exercise, tabletop } = filled;
  const optional = (key: 'scenario' | 'threat' | 'classification') =>
    exercise?.[key] === undefined ? {} : { [key]: exercise[key] };
  return {
    objectives: exercise?.objectives ?? [],
    criteria: (exercise?.criteria ?? []).map((criterion) =>
      typeof criterion === 'string' ? { text: criterion } : criterion,
    ),
    ...optional('scenario'),
    ...optional('threat'),
    ...optional('classification'),
    inScope: exercise?.scope.in ?? [],
    outOfScope: exercise?.scope.out ?? [],
    assumptions: exercise?.assumptions ?? [],
    absences: exercise?.absences ?? [],
    ...(exercise?.every === undefined ? {} : { repeatMs: durationMs(exercise.every) }),
    injects: tabletop?.injects ?? [],
  };
}
