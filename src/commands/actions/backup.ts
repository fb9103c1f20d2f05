import { resolve } from 'node:path';
import { createProcessRunner } from '../../adapters/process/execa-process-runner.ts';
import { type ChainMemory, openChainMemory } from '../../app/chain-memory.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { thawVersion } from '../../app/installed.ts';
import type { Options } from '../../app/options.ts';
import { refreshKit } from '../../app/refresh-kit.ts';
import { signsManifests } from '../../app/signatures.ts';
import { type JobContext, watchJob } from '../../app/watch-job.ts';
import { withRunbook } from '../../app/with-runbook.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes } from '../../base/units.ts';
import { verdictWord } from '../../base/verdict.ts';
import { findStraySecrets } from '../../producer/find-stray-secrets.ts';
import { type ProducerSettings, resolveProducer } from '../../producer/producer-settings.ts';
import { takeBackup } from '../../producer/take-backup.ts';

/** A log of cron shall show that a long dump goes on, and hold more than that. */
const progressMs = 60_000;

type BackupRequest = {
  readonly runbook: string;
  readonly options: Options<'json' | 'envFiles' | 'logFolder'>;
};

/** One snapshot now. Needs what reaches production and the backup store, and a public key. With the secret one at hand, it tries what it made. */
export function backUp(request: BackupRequest, context: JobContext): Promise<Outcome<number>> {
  const work = () => backUpUnwatched(request, context);
  return watchJob({ job: 'backup', ...request, work }, context);
}

function backUpUnwatched(request: BackupRequest, context: JobContext): Promise<Outcome<number>> {
  return withRunbook(
    {
      command: 'backup',
      ...request,
      needs: ({
        backups: { store, dumps, objects },
        production: { database, objects: live, envFile },
        producer,
      }) => [{ store, dumps, objects }, { database, live, envFile }, producer],
      // The kit tells whoever restores what is known here and is no secret.
      wants: (runbook) => (runbook.producer?.kit === undefined ? runbook.backups.key : runbook),
      work: async ({ ready, world, signal, say, tell }) => {
        const { filled, targets, path } = ready;
        if (filled.producer === undefined) return fail(noProducer(path));
        let toldAtMs = world.host.now();
        const settings = resolveProducer(filled, filled.producer);
        const memory = await openChainMemory({
          logFolder: resolve(context.folder, request.options.logFolder),
          runbook: filled.name,
        });
        const taken = await takeBackup({
          onBytes: (done) => {
            if (world.host.now() - toldAtMs < progressMs) return;
            toldAtMs = world.host.now();
            say(`${formatBytes(done)} dumped so far`);
          },
          world,
          targets,
          settings,
          ...signWith(settings, { memory, runbook: filled.name, environment: context.environment }),
          thawVersion,
          onLine: (text) => {
            say(text);
            tell({ type: 'line', text });
          },
          signal,
        });
        if (!taken.ok) return taken;
        const { link } = taken.value;
        const kept = link === undefined ? succeed(undefined) : await memory.keep(link, world.host.now());
        if (!kept.ok) return kept;
        // Said with each backup until it is gone; the snapshot is none the worse for it.
        for (const { verdict, text, remedy } of await findStraySecrets(
          world.openStore(targets.backups.store),
        ))
          if (verdict !== 'passed') say(`${verdictWord(verdict)}: ${text} ${remedy ?? ''}`);
        tell({ type: 'snapshot', manifestKey: taken.value.manifestKey, manifest: taken.value.manifest });
        if (filled.producer.kit !== undefined) {
          const refreshed = await refreshKit(
            { ready, world, images: false, anew: false, onLine: say },
            context,
          );
          if (!refreshed.ok) return refreshed;
        }
        return succeed(exitStatus.verified);
      },
    },
    context,
  );
}

function signWith(
  { signingKeyFile }: ProducerSettings,
  {
    memory,
    runbook,
    environment,
  }: Pick<JobContext, 'environment'> & { readonly memory: ChainMemory; readonly runbook: string },
) {
  if (signingKeyFile === undefined) return {};
  const tools = { processes: createProcessRunner(), environment };
  return { sign: { runbook, make: signsManifests(tools, signingKeyFile), remembered: memory.seen } };
}

function noProducer(path: string) {
  return {
    code: 'runbook-invalid',
    message: `Runbook ${path} does not say how backups are made.`,
    remedy: 'Declare a producer section; `producer: {}` takes the defaults: gzip, not encrypted.',
    retry: 'after-fix',
  } as const;
}
