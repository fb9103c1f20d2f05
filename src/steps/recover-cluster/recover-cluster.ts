import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatTime } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, notVerified, passed } from '../../base/verdict.ts';
import { clusterFilesFact, promotingFact, type Recovered, recoveredFact } from '../../kinds/cluster-facts.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import type { StepOf } from '../../kinds/kind.ts';
import { implementKind, type StepContext, stepId } from '../../kinds/kind.ts';
import { durationMs } from '../../kinds/targets.ts';
import type { ClusterPlace } from '../../ports/cluster-tools.ts';
import { askQuestions, queryChecks } from './ask-recovered.ts';
import { awaitRecovery, currentTimeline } from './await-recovery.ts';
import { bringClusterFiles } from './bring-cluster-files.ts';
import { checkRecovery, noCluster, placeOf, readTarget } from './check-recovery.ts';
import { recoverClusterKind } from './kind.ts';

type RecoverStep = StepOf<typeof recoverClusterKind>;

/**
 * Point-in-time recovery: a base backup and the WAL archive make a new cluster, with a folder and a port of its own, as it was
 * at a chosen moment. It waits there, open for reading alone, until it has been looked at; only then it gets a timeline.
 */
export const recoverCluster = implementKind(recoverClusterKind, {
  async preview(step, context) {
    const { folder } = placeOf(step, context);
    const target = readTarget(step, context);
    const moment =
      target.ok && target.value !== undefined
        ? `${formatTime(target.value)}, on timeline ${step.timeline}`
        : 'the end of the archive';
    return {
      sentences: [
        `Makes a new cluster in ${folder}, listening on 127.0.0.1:${step.port}, and replays WAL up to ${moment}.`,
        'Looks at it while it is still read-only, then gives it a timeline of its own. No existing cluster is touched.',
      ],
      commands: [],
    };
  },

  check: checkRecovery,

  async run(step, context) {
    const place = placeOf(step, context);
    if (readFact(promotingFact, context) === undefined) {
      const recovered = await recover(step, context);
      if (!recovered.ok) return recovered;
      const agreed = await agreeToPromote(step, context);
      if (!agreed.ok) return agreed;
      await context.record(promotingFact, { fromTimeline: recovered.value.timeline });
    }
    const promoted = await promote(context, place);
    return promoted.ok ? succeed({ kind: 'done' }) : promoted;
  },

  async verify(step, context) {
    const place = placeOf(step, context);
    const files = needFact(clusterFilesFact, context);
    const recovered = needFact(recoveredFact, context);
    const timeline = await currentTimeline(serverOf(step, context));
    const alive =
      timeline === undefined
        ? failed(
            `the cluster in ${place.folder} takes no writes`,
            `Read ${place.folder}.recovery/server.log.`,
          )
        : passed(
            timeline === recovered.timeline
              ? `it takes writes on timeline ${timeline}`
              : `it takes writes on timeline ${timeline}, which left timeline ${recovered.timeline} at ${recovered.replayedTo}`,
          );
    const intact =
      files.checkedBy === ''
        ? couldNotVerify(
            `${files.source} has no manifest: its files were compared with nothing`,
            'Make base backups with pg_basebackup 13 or newer, and keep backup_manifest beside them.',
          )
        : passed(`every file of ${files.source} is as it was backed up (${files.checkedBy})`);
    // What replay had locked before the promotion can be read now, and all else once more.
    const queries = await askQuestions(context, { step, server: serverOf(step, context) });
    return succeed([intact, momentCheck(files.targetTimeMs, recovered), ...queryChecks({ queries }), alive]);
  },

  async cleanUp(step, context) {
    const place = placeOf(step, context);
    if (context.mode === 'live') {
      if (readFact(clusterFilesFact, context) === undefined) return [];
      return [couldNotVerify(`the new cluster stays in ${place.folder}`, 'Stop and remove it by hand.')];
    }
    const { clusters } = context.world;
    const permit = await context.guard.removeCluster(clusters, place);
    const removed = permit.ok ? await clusters.remove(permit.value) : permit;
    if (removed.ok) return [passed(`throwaway cluster ${place.folder} stopped and removed`)];
    return [
      failed(
        `throwaway cluster ${place.folder} is still there: ${removed.failure.message}`,
        removed.failure.remedy,
      ),
    ];
  },
});

function serverOf(step: RecoverStep, context: StepContext<'databases' | 'clusters'>) {
  const url = context.world.clusters.url({
    place: placeOf(step, context),
    port: Number(step.port),
    user: step.superuser,
    database: 'postgres',
  });
  return context.world.openDatabaseServer(url);
}

/** From wherever an earlier attempt came to, up to the moment asked for, and what is found there. */
async function recover(
  step: RecoverStep,
  context: StepContext<'host' | 'stores' | 'databases' | 'keys' | 'trees' | 'clusters'>,
): Promise<Outcome<Recovered>> {
  const { cluster } = context.targets.backups;
  if (cluster === undefined) return fail(noCluster);
  const target = readTarget(step, context);
  if (!target.ok) return target;
  const place = placeOf(step, context);
  const files = await bringClusterFiles(context, { step, place, cluster, targetTimeMs: target.value });
  if (!files.ok) return files;
  const started = await startUnlessRunning(step, context);
  if (!started.ok) return started;
  const server = serverOf(step, context);
  const ended = await awaitRecovery(context, {
    place,
    server,
    targetTimeMs: target.value,
    segments: files.value.segments,
    stallMs: durationMs(step.stall),
  });
  if (!ended.ok) return ended;
  const queries = await askQuestions(context, { step, server });
  const recovered: Recovered = { ...ended.value, queries };
  await context.record(recoveredFact, recovered);
  return succeed(recovered);
}

async function startUnlessRunning(
  step: RecoverStep,
  context: StepContext<'host' | 'clusters'>,
): Promise<Outcome<void>> {
  const { clusters } = context.world;
  const place = placeOf(step, context);
  const state = await clusters.state(place);
  if (!state.ok) return state;
  if (state.value.running) return succeed(undefined);
  const { cluster } = context.targets.backups;
  const target = readTarget(step, context);
  if (!target.ok) return target;
  const configured = await clusters.configure({
    place,
    port: Number(step.port),
    restoreCommand:
      cluster?.engine === 'pgbackrest'
        ? clusters.repositoryCommand(cluster, place)
        : clusters.folderCommand(place),
    inclusive: step.inclusive,
    timeline: step.timeline,
    ...(target.value === undefined ? {} : { targetTimeMs: target.value }),
  });
  if (!configured.ok) return configured;
  if (configured.value.length > 0)
    context.output(`settings of the lost cluster kept aside, not used: ${configured.value.join(', ')}`);
  await context.recordCommand(clusters.describeStart(place));
  return clusters.start(place);
}

/** Nothing is asked where nothing can be lost: a drill's cluster is thrown away. */
async function agreeToPromote(step: RecoverStep, context: StepContext<'clusters'>): Promise<Outcome<void>> {
  const recovered = needFact(recoveredFact, context);
  const files = needFact(clusterFilesFact, context);
  const checks = [momentCheck(files.targetTimeMs, recovered), ...queryChecks(recovered)];
  const bad = checks.filter(({ verdict }) => verdict === 'failed');
  if (bad.length > 0) return fail(notVerified(bad));
  if (context.mode === 'drill') return succeed(undefined);
  const id = stepId(step);
  const answer = await context.ask({
    kind: 'confirm',
    id: `${id}.promote`,
    stepId: id,
    title: `Give the recovered cluster on 127.0.0.1:${step.port} a timeline of its own?`,
    body: [
      ...checks.map(({ text }) => text),
      `It is read-only until then: look into it as long as you like. Afterwards this cluster cannot be rolled forward to a later moment.`,
    ],
    verb: 'promote',
  });
  if (!answer.ok) return answer;
  if (answer.value.value === 'yes') return succeed(undefined);
  return fail({
    code: 'cancelled',
    message: `The recovered cluster was not promoted; it waits, read-only, on 127.0.0.1:${step.port}.`,
    remedy: 'Retry to be asked again, or give another moment and begin a new run.',
    retry: 'safe',
  });
}

async function promote(context: StepContext<'clusters'>, place: ClusterPlace): Promise<Outcome<void>> {
  const { clusters } = context.world;
  const state = await clusters.state(place);
  if (!state.ok) return state;
  if (!state.value.running) {
    const started = await clusters.start(place);
    if (!started.ok) return started;
  }
  const fresh = await clusters.control(place);
  if (fresh.ok && fresh.value.state === 'in production') return succeed(undefined);
  await context.recordCommand(`pg_ctl promote -D ${place.folder}`);
  return clusters.promote(place);
}

function momentCheck(targetTimeMs: number | null, recovered: Recovered): Check {
  const last = recovered.lastCommit ?? 'none';
  const where = `replayed to ${recovered.replayedTo} on timeline ${recovered.timeline}; last commit ${last}`;
  if (targetTimeMs === null) return passed(`end of the archive reached: ${where}`);
  if (recovered.reachedTarget) return passed(`${formatTime(targetTimeMs)} reached: ${where}`);
  return failed(
    `recovery ended by itself and did not stop at ${formatTime(targetTimeMs)}: ${where}`,
    'Begin a new run; this cluster is of another moment.',
  );
}
