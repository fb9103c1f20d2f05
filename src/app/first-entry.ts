import { randomBytes } from 'node:crypto';
import type { Mode } from '../base/mode.ts';
import { type EntryOf, journalVersion } from '../journal/entry.ts';
import { handlerOf, stepId } from '../kinds/kind.ts';
import { durationMs } from '../kinds/targets.ts';
import type { World } from '../ports/world.ts';
import { handlers } from '../registry/handlers.ts';
import { undeclared } from '../runbook/schema.ts';
import { closeDoors } from '../session/close-doors.ts';
import type { AboutRun } from './about-run.ts';
import type { ReadyRunbook } from './load-runbook.ts';
import { thawVersion } from './version.ts';

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
  const { throwaway } = ready.targets.acting;
  const { name, user, sshFrom } = world.host.facts;
  return {
    kind: 'run-started',
    journalVersion,
    thawVersion,
    runId,
    mode,
    runbook: { name: runbook.name, title: runbook.title, path, fingerprint },
    host: { name, user, ...(sshFrom === undefined ? {} : { sshFrom }) },
    targets: describeTargets(ready, mode === 'tabletop' ? closeDoors(world) : world),
    objectives: { rtoMs: durationMs(runbook.objectives.rto), rpoMs: durationMs(runbook.objectives.rpo) },
    steps: filled.steps.map((step) => ({
      id: stepId(step),
      kind: step.kind,
      title: step.title ?? handlerOf(handlers, step).title,
      ...(step.budget === undefined ? {} : { budgetMs: durationMs(step.budget) }),
      ...(step.role === undefined ? {} : { role: step.role }),
    })),
    workPath,
    ...(throwaway === undefined ? {} : { clusterFolder: throwaway.folder }),
    mark: randomBytes(3).toString('hex'),
    ...about,
  };
}

/** Addresses for people; no credential is in them. Nothing is contacted. */
function describeTargets({ targets, runbook }: ReadyRunbook, world: World): Record<string, string> {
  if (runbook.production.database.url === undeclared.database.url) return {};
  const server = world.openDatabaseServer(targets.acting.databaseUrl, targets.acting.databaseRoute);
  const { objects, services, throwaway } = targets.acting;
  const own = throwaway === undefined ? undefined : `a PostgreSQL of its own, in ${throwaway.folder}`;
  return {
    database: `${server.databaseName} at ${own ?? server.address}`,
    backups: world.openStore(targets.backups.store).address,
    ...(objects === undefined ? {} : { objects: world.openStore(objects).address }),
    ...(services === undefined ? {} : { services: world.openServices(services).address }),
  };
}
