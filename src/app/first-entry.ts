import { randomBytes } from 'node:crypto';
import type { Mode } from '../base/mode.ts';
import { type EntryOf, journalVersion } from '../journal/entry.ts';
import type { Exercise, People } from '../journal/exercise.ts';
import { handlerOf } from '../kinds/handlers.ts';
import { stepId } from '../kinds/kind.ts';
import { durationMs } from '../kinds/targets.ts';
import type { World, WorldNames } from '../ports/world.ts';
import { handlers } from '../registry/kinds.ts';
import { proofOf } from '../runbook/proof.ts';
import { undeclared } from '../runbook/schema.ts';
import { nameWorld } from '../session/name-world.ts';
import { thawVersion } from './installed.ts';
import type { ReadyRunbook } from './load-runbook.ts';
import type { Options, peopleAndTimes } from './options.ts';
import { readHistory } from './past-runs.ts';

/** The first fact of a run: who, where, with which runbook, on what, and what it promises. */
export function firstEntry(request: {
  readonly ready: ReadyRunbook;
  readonly mode: Mode;
  readonly world: World;
  readonly runId: string;
  readonly about: AboutRun;
  readonly workPath: string;
}): EntryOf<'run-started'> {
  const { ready, mode, world, runId, about, workPath } = request;
  const { runbook, filled, path, fingerprint } = ready;
  const { throwaway } = ready.targets.target;
  const { envFiles } = ready;
  const { name, user, sshFrom } = world.host.facts;
  return {
    kind: 'run-started',
    journalVersion,
    thawVersion,
    runId,
    mode,
    runbook: { name: runbook.name, title: runbook.title, path, fingerprint },
    host: { name, user, ...(sshFrom === undefined ? {} : { sshFrom }) },
    targets: describeTargets(ready, nameWorld(world)),
    objectives: { rtoMs: durationMs(runbook.objectives.rto), rpoMs: durationMs(runbook.objectives.rpo) },
    ...proofFields(ready),
    steps: filled.steps.map((step) => ({
      id: stepId(step),
      kind: step.kind,
      title: step.title ?? handlerOf(handlers, step).title,
      fills: [...(handlerOf(handlers, step).fills ?? [])],
      ...(step.budget === undefined ? {} : { budgetMs: durationMs(step.budget) }),
      ...(step.role === undefined ? {} : { role: step.role }),
    })),
    workPath,
    ...(envFiles.length === 0 ? {} : { envFiles: [...envFiles] }),
    ...(throwaway === undefined ? {} : { clusterFolder: throwaway.folder }),
    mark: randomBytes(3).toString('hex'),
    ...about,
  };
}

function proofFields({ filled }: ReadyRunbook): Pick<EntryOf<'run-started'>, 'proof'> {
  const proof = proofOf(filled, handlers);
  return proof === undefined ? {} : { proof };
}

/** Addresses for people; no credential is in them. Nothing is contacted. */
function describeTargets({ targets, runbook }: ReadyRunbook, world: WorldNames): Record<string, string> {
  if (runbook.production.database.url === undeclared.database.url) return {};
  const server = world.openDatabaseServer(targets.target.databaseUrl, targets.target.databaseRoute);
  const { objects, services, throwaway } = targets.target;
  const own = throwaway === undefined ? undefined : `a PostgreSQL of its own, in ${throwaway.folder}`;
  return {
    database: `${server.databaseName} at ${own ?? server.address}`,
    backups: world.openStore(targets.backups.store).address,
    ...(objects === undefined ? {} : { objects: world.openStore(objects).address }),
    ...(services === undefined ? {} : { services: world.openServices(services).address }),
  };
}

type About = Options<(typeof peopleAndTimes)[number]>;

type AboutRun = Pick<
  EntryOf<'run-started'>,
  'people' | 'exercise' | 'marks' | 'history' | 'anchor' | 'lostAtMs'
>;

/** What stands around a run: from the runbook, from the command line, and from the runs before it. */
export async function aboutRun(request: {
  readonly ready: ReadyRunbook;
  readonly mode: Mode;
  readonly options: About;
  readonly logFolder: string;
  readonly nowMs: number;
}): Promise<AboutRun> {
  const { ready, mode, options, logFolder, nowMs } = request;
  const { lostAt, detectedAt, declaredAt } = options;
  const anchor = ready.filled.records?.anchor;
  const history = await readHistory({ logFolder, name: ready.runbook.name, mode });
  return {
    lostAtMs: lostAt ?? nowMs,
    people: namePeople(ready, options),
    exercise: describeExercise(ready),
    marks: {
      lostAtGiven: lostAt !== undefined,
      ...(detectedAt === undefined ? {} : { detectedAtMs: detectedAt }),
      ...(declaredAt === undefined ? {} : { declaredAtMs: declaredAt }),
    },
    ...(history === undefined ? {} : { history }),
    // A tabletop contacts nothing, so nothing of it is anchored.
    ...(anchor === undefined || mode === 'tabletop'
      ? {}
      : { anchor: `${anchor} in the backup store, one object for each end of the run` }),
  };
}

/** What the command line says goes before what the runbook says. */
function namePeople({ filled }: ReadyRunbook, given: About): People {
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
