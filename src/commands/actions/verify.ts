import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { statusOfVerdict } from '../../app/exit-status.ts';
import type { Options } from '../../app/options.ts';
import { placeThrowaway } from '../../app/place-throwaway.ts';
import { type JobContext, type Trouble, watchJob } from '../../app/watch-job.ts';
import { type AtWork, withRunbook } from '../../app/with-runbook.ts';
import { newestComplete, type Snapshot } from '../../backups/snapshot.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { type Proof, sayProofs } from '../../base/proof.ts';
import { type Check, type Verdict, worstVerdict } from '../../base/verdict.ts';
import { provenBy, weighChecks } from '../../journal/run-proof.ts';
import { findSnapshots } from '../../operations/find-snapshots.ts';
import { createScratchContext } from '../../producer/scratch-context.ts';
import { hasLater, verifySnapshot } from '../../producer/verify-snapshot.ts';

import { handlers } from '../../registry/kinds.ts';
import { proofOf } from '../../runbook/proof.ts';

type VerifyRequest = {
  readonly runbook: string;
  readonly options: Options<
    'json' | 'snapshot' | 'all' | 'restore' | 'workFolder' | 'envFiles' | 'logFolder'
  >;
};

/** Proves backups without restoring production: the newest one, all of them, or the one that is named. */
export function verify(request: VerifyRequest, context: JobContext): Promise<Outcome<number>> {
  const work = (tellTrouble: (trouble: Trouble) => void) =>
    verifyUnwatched(request, { context, tellTrouble });
  return watchJob({ job: 'verify', ...request, work }, context);
}

function verifyUnwatched(
  request: VerifyRequest,
  {
    context,
    tellTrouble,
  }: { readonly context: JobContext; readonly tellTrouble: (trouble: Trouble) => void },
): Promise<Outcome<number>> {
  const { options } = request;
  return withRunbook(
    {
      command: 'verify',
      ...request,
      mode: options.restore ? 'drill' : 'live',
      needs: ({ backups, production: { database }, drill }) =>
        options.restore ? [backups, database, drill?.database] : backups,
      work: async (at) => {
        const { ready, world, say } = at;
        const found = await findSnapshots({ world, targets: ready.targets });
        if (!found.ok) return found;
        const wanted = choose(found.value, options);
        if (!wanted.ok) return wanted;
        const asked = proofOf(ready.filled, handlers);
        const all: Check[] = [];
        let looked = 0;
        for (const snapshot of wanted.value) {
          if (at.signal.aborted) break;
          const checks = weighChecks(
            await verifyOne(at, { snapshot, all: found.value, options, folder: context.folder }),
            asked,
          );
          tellChecks(at, { snapshot, checks });
          for (const { verdict, text } of checks)
            if (verdict === 'failed' || verdict === 'could-not-verify')
              tellTrouble({ verdict, text: `${snapshot.id}: ${text}` });
          all.push(...checks);
          looked += 1;
        }
        const worst = worstVerdict(all.map(({ verdict }) => verdict));
        // What was not looked at has not passed.
        if (worst === 'passed' && looked < wanted.value.length)
          return fail(stopped(looked, wanted.value.length));
        say(endWords(worst, provenBy(all)));
        return succeed(statusOfVerdict(worst === 'skipped' ? 'could-not-verify' : worst));
      },
    },
    context,
  );
}

function choose(
  found: readonly Snapshot[],
  { all, snapshot }: Options<'all' | 'snapshot'>,
): Outcome<readonly Snapshot[]> {
  if (all) return succeed(found);
  const wanted =
    snapshot === undefined || snapshot === 'latest'
      ? (newestComplete(found) ?? found[0])
      : found.find(({ id, key }) => id === snapshot || key === snapshot);
  if (wanted !== undefined) return succeed([wanted]);
  return fail({
    code: 'not-found',
    message: `There is no snapshot ${snapshot}.`,
    remedy: 'Look at `thaw snapshots` and name one of those.',
    retry: 'after-fix',
  });
}

function stopped(looked: number, of: number) {
  return {
    code: 'cancelled',
    message: `Stopped after ${looked} of ${of} snapshots; the others were not looked at.`,
    remedy: 'Run it again.',
    retry: 'safe',
  } as const;
}

/** Nothing decrypted stays behind: the work folder goes, whatever happened. */
async function verifyOne(
  at: AtWork,
  what: {
    readonly snapshot: Snapshot;
    readonly all: readonly Snapshot[];
    readonly options: Options<'restore' | 'workFolder'>;
    readonly folder: string;
  },
): Promise<readonly Check[]> {
  const { snapshot, all, options } = what;
  const parent = options.workFolder === undefined ? tmpdir() : resolve(what.folder, options.workFolder);
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, 'thaw-verify-'));
  try {
    const { world } = at;
    const runId = `verify ${snapshot.id} ${work}`;
    const mode = options.restore ? 'drill' : 'live';
    const { targets } = await placeThrowaway(at.ready, { world, runId, workPath: work, mode });
    const context = createScratchContext({
      world,
      targets,
      runId,
      workFile: (name) => join(work, name),
      output: (text) => at.tell({ type: 'line', text }),
      signal: at.signal,
    });
    return await verifySnapshot({
      snapshot,
      context,
      laterSnapshots: hasLater(snapshot, all),
      restore: options.restore,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function endWords(worst: Verdict, proven: readonly Proof[]): string {
  if (worst === 'failed') return 'Not good: see above.';
  if (worst !== 'passed') return 'Not all could be verified: see above.';
  return proven.length === 0 ? 'Verified.' : `Verified against ${sayProofs(proven)}.`;
}

const marks = {
  passed: '✓ passed',
  failed: '✗ failed',
  'could-not-verify': '? could not verify',
  'not-checked': '– not checked',
  skipped: '– skipped',
} as const;

function tellChecks(
  at: AtWork,
  done: { readonly snapshot: Snapshot; readonly checks: readonly Check[] },
): void {
  at.say(done.snapshot.id);
  for (const check of done.checks) {
    at.say(`  ${marks[check.verdict]}  ${check.text}`);
    if (check.remedy !== undefined) at.say(`      → ${check.remedy}`);
    at.tell({ type: 'check', snapshot: done.snapshot.id, ...check });
  }
}
