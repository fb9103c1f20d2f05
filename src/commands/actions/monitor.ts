import { resolve } from 'node:path';
import { measureDiskUsage } from '../../adapters/disk/disk-usage.ts';
import { openChainMemory } from '../../app/chain-memory.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { drillResults, readJob, verificationResults, writeJob } from '../../app/job-results.ts';
import type { Options } from '../../app/options.ts';
import { sendAlerts } from '../../app/send-alerts.ts';
import { type JobContext, watchJob } from '../../app/watch-job.ts';
import { type AtWork, withRunbook } from '../../app/with-runbook.ts';
import { judgeChain } from '../../backups/author.ts';
import { type Finding, type HealthLimits, judgeHealth } from '../../backups/health.ts';
import { jsonMetrics, prometheusText } from '../../backups/health-metrics.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { parseDuration } from '../../base/units.ts';
import { durationMs } from '../../kinds/targets.ts';
import { replaceFile } from '../../platform/durable-files.ts';
import type { Alert } from '../../ports/alert-channel.ts';
import { collectHealth } from '../../producer/collect-health.ts';
import { monitorSchema } from '../../runbook/producer-schema.ts';
import type { Runbook } from '../../runbook/schema.ts';

type MonitorRequest = {
  readonly runbook: string;
  readonly options: Options<'json' | 'envFiles' | 'logFolder'>;
};

/** For cron: looks, writes metrics, tells people, and ends with 1 when anything is wrong, with 7 when it could not see whether. */
export function monitor(request: MonitorRequest, context: JobContext): Promise<Outcome<number>> {
  const work = () => monitorUnwatched(request, context);
  return watchJob({ job: 'monitor', ...request, work }, context);
}

function monitorUnwatched(request: MonitorRequest, context: JobContext): Promise<Outcome<number>> {
  return withRunbook(
    {
      command: 'monitor',
      ...request,
      needs: ({ backups: { store, dumps, objects }, production, exercise, monitor: limits }) => [
        { store, dumps, objects },
        production.objects,
        limits,
        exercise?.every,
        ...(limits?.walGap ? [production.database] : []),
      ],
      work: (at) => watch(at, { options: request.options, folder: context.folder }),
    },
    context,
  );
}

async function watch(
  at: AtWork,
  how: { readonly options: Options<'logFolder'>; readonly folder: string },
): Promise<Outcome<number>> {
  const { ready, world, signal, say, tell } = at;
  const settings = ready.filled.monitor ?? monitorSchema.parse({});
  const limits = limitsOf(ready.filled);
  const { folder } = world.nameStore(ready.targets.backups.store);
  const facts = await collectHealth({
    world,
    targets: ready.targets,
    diskUsage: measureDiskUsage,
    diskPaths: [...(folder === undefined ? [] : [folder]), ...settings.disk.paths],
    lookAtWal: limits.walGapMs !== undefined,
    archives: settings.archives.map(({ here, there, settled, ...named }) => ({
      ...named,
      here,
      there,
      settledMs: durationMs(settled),
    })),
    walArchive:
      settings.wal === undefined
        ? undefined
        : { prefix: settings.wal.prefix, segmentBytes: settings.wal.segmentMegabytes * 1024 * 1024 },
    signal,
  });
  const log = { logFolder: resolve(how.folder, how.options.logFolder), runbook: ready.runbook.name };
  const memory = await openChainMemory(log);
  const { link } = facts;
  const chain = link === undefined ? undefined : judgeChain(link, memory.seen);
  const kept = link === undefined ? succeed(undefined) : await memory.keep(link, facts.nowMs);
  const jobs = { drills: await drillResults(log), verifications: await verificationResults(log) };
  const findings = judgeHealth({ ...facts, ...jobs, chain }, limits);
  const metrics = jsonMetrics(facts, findings);
  tell({ type: 'metrics', ...metrics });
  for (const { severity, text, remedy } of findings) {
    say(`${severity}: ${text}`);
    say(`    → ${remedy}`);
  }
  if (findings.length === 0) say('healthy');
  const written = [
    kept,
    await writeWhole(how.folder, {
      path: settings.metricsFile,
      text: `${JSON.stringify(metrics, null, 2)}\n`,
    }),
    await writeWhole(how.folder, {
      path: settings.prometheusFile,
      text: prometheusText(facts, { limits, findings, runbook: ready.runbook.name }),
    }),
  ];
  const undelivered = await tellPeople(at, { findings, log });
  for (const outcome of [...written, ...undelivered]) {
    if (outcome.ok) continue;
    say(outcome.failure.message);
    say(`    → ${outcome.failure.remedy}`);
    tell({ type: 'failure', ...outcome.failure });
  }
  const told = [...written, ...undelivered].every(({ ok }) => ok);
  if (!told || findings.some(({ unsure }) => unsure !== true)) return succeed(exitStatus.failed);
  return succeed(findings.length === 0 ? exitStatus.verified : exitStatus.unproven);
}

function limitsOf({ objectives, exercise, monitor: settings }: Runbook): HealthLimits {
  const { size, successRate, disk, walGap, wal } = settings ?? monitorSchema.parse({});
  return {
    rpoMs: parseDuration(objectives.rpo) ?? 0,
    size,
    successRate,
    disk,
    walGapMs: walGap === undefined ? undefined : parseDuration(walGap),
    drillEveryMs: exercise?.every === undefined ? undefined : parseDuration(exercise.every),
    walNewestMs: wal === undefined ? undefined : parseDuration(wal.newest),
  };
}

/** Once when something is found, and once when nothing is left of it. */
async function tellPeople(
  at: AtWork,
  {
    findings,
    log,
  }: {
    readonly findings: readonly Finding[];
    readonly log: { readonly logFolder: string; readonly runbook: string };
  },
): Promise<readonly Outcome<void>[]> {
  const { ready, world } = at;
  const severity = findings.some((finding) => finding.severity === 'critical')
    ? 'critical'
    : findings.length > 0
      ? 'warning'
      : 'healthy';
  const { title, name } = ready.runbook;
  const alert: Alert = {
    severity,
    subject:
      severity === 'healthy'
        ? `Backups of ${title} are healthy`
        : `Backups of ${title}: ${findings.find((finding) => finding.severity === severity)?.text}`,
    lines: findings.map((finding) => `${finding.severity}: ${finding.text}. ${finding.remedy}`),
    dedupKey: `thaw-backups-${name}`,
    source: world.host.facts.name,
    atMs: world.host.now(),
  };
  const masked = {
    ...alert,
    subject: ready.redact(alert.subject),
    lines: alert.lines.map((line) => ready.redact(line)),
  };
  const alerts = ready.filled.monitor?.alerts ?? [];
  if (alerts.length === 0) return [];
  const place = { ...log, job: 'monitor' };
  const before = await readJob(place);
  const troubles = findings.map((finding) => `${finding.severity} ${finding.id}`);
  const { rang, undelivered } = await sendAlerts({
    alerts,
    alert: masked,
    troubles,
    rang: before?.rang ?? {},
    sayHealthy: true,
  });
  const kept = await writeJob(place, {
    job: 1,
    at: new Date(masked.atMs).toISOString(),
    verdict: findings.length === 0 ? 'passed' : 'failed',
    why: masked.subject,
    rang,
  });
  return [...undelivered.map(fail), kept];
}

/** A collector may read at any moment: it must see the old file or the new one. */
async function writeWhole(
  folder: string,
  file: { readonly path: string | undefined; readonly text: string },
): Promise<Outcome<void>> {
  if (!file.path) return succeed(undefined);
  const path = resolve(folder, file.path);
  try {
    await replaceFile({ path, content: file.text });
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${path}`, error }));
  }
}
