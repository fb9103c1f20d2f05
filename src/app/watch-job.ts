import { resolve } from 'node:path';
import type { JobState } from '../backups/job-state.ts';
import { type Failure, type Outcome, succeed } from '../base/failure.ts';
import { findReferences } from '../kinds/references.ts';
import type { Alert } from '../ports/alert-channel.ts';
import { createWorld } from '../registry/wire.ts';
import type { Runbook } from '../runbook/schema.ts';
import { type CommandContext, tellTrouble } from './command-context.ts';
import { exitStatus, statusBeforeRun } from './exit-status.ts';
import { describeDrill, readJob, writeJob } from './job-results.ts';
import {
  type LoadedRunbook,
  listMissingInputs,
  loadRunbook,
  type ReadyRunbook,
  readyRunbook,
} from './load-runbook.ts';
import type { Options } from './options.ts';
import { sendAlerts } from './send-alerts.ts';

/** What a schedule runs, where nobody looks. */
type Job = 'backup' | 'verify' | 'prune' | 'drill' | 'monitor';

/** What a command found wrong, for people who are not there to read it. */
export type Trouble = { readonly verdict: 'failed' | 'could-not-verify'; readonly text: string };

/** What is needed to do the job, and to tell of it. */
export type JobContext = Omit<CommandContext, 'splash'>;

type JobOptions = Options<'envFiles' | 'logFolder'>;

const mostLines = 20;

/**
 * A command of the schedule, and what became of it: the channels of the runbook's monitor section hear of a failure once and of
 * its end once, whatever kind of end it was. What a person at a terminal stops is no failure.
 */
export async function watchJob(
  request: {
    readonly job: Job;
    /** As it was named on the command line. */
    readonly runbook: string;
    readonly options: JobOptions;
    readonly work: (tellTrouble: (trouble: Trouble) => void) => Promise<Outcome<number>>;
  },
  context: JobContext,
): Promise<Outcome<number>> {
  const { work, ...about } = request;
  const begunAtMs = Date.now();
  const troubles: Trouble[] = [];
  const tell = (end: JobEnd) => tellPeople({ ...about, context, troubles, begunAtMs, end });
  let outcome: Outcome<number>;
  try {
    outcome = await work((one) => troubles.push(one));
  } catch (bug) {
    await tell({ status: exitStatus.bug, failure: undefined });
    throw bug;
  }
  const status = outcome.ok ? outcome.value : statusBeforeRun(outcome.failure);
  const told = await tell({ status, failure: outcome.ok ? undefined : outcome.failure });
  // An alert that does not arrive never hides how the command itself ended.
  return outcome.ok && status === exitStatus.verified && !told ? succeed(exitStatus.failed) : outcome;
}

type JobEnd = { readonly status: number; readonly failure: Failure | undefined };

type Told = {
  readonly job: Job;
  readonly runbook: string;
  readonly options: JobOptions;
  readonly context: JobContext;
  readonly troubles: readonly Trouble[];
  readonly begunAtMs: number;
  readonly end: JobEnd;
};

/** @returns false when something could not be told or kept; what it was is said. */
async function tellPeople(request: Told): Promise<boolean> {
  const { job, options, context, end } = request;
  const stopped = end.status === exitStatus.stopped || end.status === exitStatus.interrupted;
  if (stopped && context.stdin.isTTY === true) return true;
  const loaded = await loadRunbook(request.runbook, context);
  // Who could be told stands in the runbook itself.
  if (!loaded.ok || loaded.value.runbook.monitor === undefined) return true;
  const { runbook } = loaded.value;
  const logFolder = resolve(context.folder, options.logFolder);
  // What the monitor finds it tells by itself; here it is whether it ran at all.
  const place = { logFolder, runbook: runbook.name, job: job === 'monitor' ? 'monitor-ran' : job };
  const before = await readJob(place);
  const drill = job === 'drill' ? await describeDrill({ ...place, sinceMs: request.begunAtMs }) : undefined;
  const verdict = judge(request);
  const lines = verdict === 'passed' ? [] : linesOf(request, { runbook: runbook.name, about: drill ?? [] });
  const subject = `${titles[job]} of ${runbook.title} ${endWords(verdict, end.status)}`;
  const wasTold = Object.keys(before?.rang ?? {}).length > 0;
  let rang = before?.rang ?? {};
  const undelivered: Failure[] = [];
  let redact = (text: string) => text;
  if (verdict !== 'passed' || wasTold) {
    const ready = await readyToTell(loaded.value, {
      environment: context.environment,
      envFiles: options.envFiles,
    });
    if (!ready.ok)
      undelivered.push({ ...ready.failure, message: `No alert can be sent. ${ready.failure.message}` });
    else {
      redact = ready.value.redact;
      const world = createWorld(context.environment);
      const alert: Alert = {
        severity: severities[verdict],
        subject: redact(subject),
        lines: lines.slice(0, mostLines).map(redact),
        dedupKey: `thaw-${job}-${runbook.name}`,
        source: world.host.facts.name,
        atMs: Date.now(),
      };
      await world.close();
      const alerts = ready.value.filled.monitor?.alerts ?? [];
      const heard = await sendAlerts({
        alerts,
        alert,
        troubles: verdict === 'passed' ? [] : [verdict],
        rang,
        sayHealthy: false,
      });
      rang = heard.rang;
      undelivered.push(...heard.undelivered);
    }
  }
  const at = new Date().toISOString();
  const state: JobState = { job: 1, at, verdict, why: redact(subject), rang };
  const lastPassedAt = verdict === 'passed' ? at : before?.lastPassedAt;
  const kept = await writeJob(place, { ...state, ...(lastPassedAt === undefined ? {} : { lastPassedAt }) });
  if (!kept.ok) undelivered.push(kept.failure);
  for (const { message, remedy } of undelivered)
    tellTrouble(context, { message: redact(message), remedy: redact(remedy) });
  return undelivered.length === 0;
}

/** What the channels need, and every other value there is, so that none of them is told. */
async function readyToTell(
  loaded: LoadedRunbook,
  given: Pick<Parameters<typeof readyRunbook>[1], 'environment' | 'envFiles'>,
): Promise<Outcome<ReadyRunbook>> {
  const mode = 'live';
  const missing = await listMissingInputs(loaded, { mode, ...given, needs: (runbook) => runbook });
  const names = new Set(missing.map(({ name }) => name));
  const there = findReferences(loaded.runbook).filter((name) => !names.has(name));
  const needs = ({ monitor }: Runbook) => [monitor?.alerts, there.map((name) => `\${${name}}`)];
  return readyRunbook(loaded, { mode, ...given, needs });
}

const titles = {
  backup: 'The backup',
  verify: 'The verification',
  prune: 'The pruning',
  drill: 'The drill',
  monitor: 'The monitoring',
} as const;

const severities = { passed: 'healthy', failed: 'critical', 'could-not-verify': 'warning' } as const;

function judge({ job, end }: Told): JobState['verdict'] {
  if (end.status === exitStatus.verified) return 'passed';
  const looked = end.status === exitStatus.failed || end.status === exitStatus.unproven;
  if (!looked || end.failure !== undefined) return 'failed';
  // It looked, and has told what it found.
  if (job === 'monitor') return 'passed';
  return end.status === exitStatus.unproven ? 'could-not-verify' : 'failed';
}

function endWords(verdict: JobState['verdict'], status: number): string {
  if (verdict === 'passed') return 'is well again';
  if (verdict === 'could-not-verify') return 'could not verify everything';
  const words: Readonly<Record<number, string>> = {
    [exitStatus.usage]: 'cannot begin',
    [exitStatus.blocked]: 'was refused by what is checked before it',
    [exitStatus.answerMissing]: 'stopped at a question that nobody answered',
    [exitStatus.stopped]: 'was stopped',
    [exitStatus.interrupted]: 'was interrupted',
    [exitStatus.bug]: 'ended by a bug of thaw',
  };
  return `${words[status] ?? 'failed'} (exit status ${status})`;
}

function linesOf(
  { job, end: { failure }, troubles }: Told,
  of: { readonly runbook: string; readonly about: readonly string[] },
): readonly string[] {
  return [
    ...(failure === undefined ? [] : [`${failure.message} ${failure.remedy}`]),
    ...troubles.map(({ text }) => text),
    ...of.about,
    `Read what it printed, mend what it names, and run it again by hand: thaw ${job} ${of.runbook}.`,
  ];
}
