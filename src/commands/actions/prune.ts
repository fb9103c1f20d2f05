import { exitStatus } from '../../app/exit-status.ts';
import type { Options } from '../../app/options.ts';
import { type JobContext, type Trouble, watchJob } from '../../app/watch-job.ts';
import { type AtWork, withRunbook } from '../../app/with-runbook.ts';
import { shorten } from '../../backups/compare-inventories.ts';
import type { RemovalItem } from '../../backups/prune-plan.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { artifactPatterns } from '../../producer/artifact-patterns.ts';
import { type Pruned, pruneSnapshots } from '../../producer/prune-snapshots.ts';
import { handlers } from '../../registry/kinds.ts';

type PruneRequest = {
  readonly runbook: string;
  readonly options: Options<'json' | 'dryRun' | 'envFiles' | 'logFolder'>;
};

/** Retention. Ends with 1 when the store keeps what should go: that costs money and breaks promises of deletion. */
export function prune(request: PruneRequest, context: JobContext): Promise<Outcome<number>> {
  // Who only looks at what would go has nothing to tell to people who are not there.
  if (request.options.dryRun) return pruneUnwatched(request, { context, tellTrouble: () => {} });
  const work = (tellTrouble: (trouble: Trouble) => void) => pruneUnwatched(request, { context, tellTrouble });
  return watchJob({ job: 'prune', ...request, work }, context);
}

function pruneUnwatched(
  request: PruneRequest,
  {
    context,
    tellTrouble,
  }: { readonly context: JobContext; readonly tellTrouble: (trouble: Trouble) => void },
): Promise<Outcome<number>> {
  const { dryRun } = request.options;
  return withRunbook(
    {
      command: 'prune',
      ...request,
      needs: (runbook) => [
        runbook.backups.store,
        runbook.backups.dumps,
        runbook.retention,
        artifactPatterns(runbook, handlers),
      ],
      work: async ({ ready, world, signal, say, tell }) => {
        const { retention: rules } = ready.filled;
        if (rules === undefined) return fail(noRetention(ready.path));
        const { patterns, elsewhere } = artifactPatterns(ready.filled, handlers);
        const { targets } = ready;
        const pruned = await pruneSnapshots({
          world,
          targets,
          rules,
          patterns,
          dryRun,
          onLine: say,
          signal,
        });
        if (!pruned.ok) return pruned;
        tellPlan(pruned.value, { dryRun, say, tell });
        for (const pattern of elsewhere) say(`${pattern} lies in a store of its own, which is left alone.`);
        tellEnd(pruned.value, { dryRun, say, tell });
        const { remove, removed, refused } = pruned.value;
        for (const { removal, failure } of refused)
          tellTrouble({
            verdict: 'failed',
            text: `${removal.key}: ${failure.message} ${failure.remedy}`,
          });
        // What was not come to is still in the store.
        if (!dryRun && refused.length === 0 && removed.length < remove.length)
          return fail(stopped(removed.length, remove.length));
        return succeed(refused.length === 0 ? exitStatus.verified : exitStatus.failed);
      },
    },
    context,
  );
}

type Voice = Pick<AtWork, 'say' | 'tell'> & { readonly dryRun: boolean };

function tellPlan({ keep, remove, stay, alone }: Pruned, { dryRun, say, tell }: Voice): void {
  for (const { snapshot, because } of keep) {
    if (dryRun) say(`keep    ${snapshot.id}: ${because}`);
    tell({ type: 'keep', id: snapshot.id, key: snapshot.key, because });
  }
  for (const { key, snapshot, because, items } of remove) {
    const id = snapshot?.id ?? key;
    if (dryRun) say(`remove  ${id}: ${because}`);
    if (dryRun) for (const item of items) say(`        ${inWords(item)}${owned(item)}`);
    const parts = items.map(({ owners: _, ...part }) => part);
    tell({ type: dryRun ? 'would-remove' : 'remove', id, key, because, items: parts });
  }
  for (const { artifact, because } of stay) {
    if (dryRun) say(`keep    ${inWords(artifact)}: ${because}`);
    tell({ type: 'keep', id: artifact.key, key: artifact.key, because });
  }
  if (dryRun) for (const one of alone) say(`leave   ${inWords(one)}: there is no dump of its time`);
  for (const { key, files, sizeBytes } of alone) tell({ type: 'alone', key, files, sizeBytes });
}

function tellEnd(pruned: Pruned, { dryRun, say, tell }: Voice): void {
  const { keep, remove, removed, hidden, refused, alone } = pruned;
  for (const { removal, failure } of refused) {
    say(`→ ${failure.remedy}`);
    tell({ type: 'refused', id: removal.snapshot?.id ?? removal.key, key: removal.key, failure });
  }
  if (hidden.length > 0) {
    say(
      `${formatCount(hidden.length)} are only hidden: the store keeps versions. A lifecycle rule must expire them.`,
    );
  }
  if (alone.length > 0) {
    const sizeBytes = alone.reduce((sum, one) => sum + one.sizeBytes, 0);
    say(
      `${formatCount(alone.length)} left alone (${formatBytes(sizeBytes)}), since no dump is of their time: ${shorten(
        alone.map(({ key }) => key),
        3,
      )}. Look whose they are, and remove them by hand.`,
    );
  }
  const what = dryRun
    ? `${formatCount(remove.length)} would be removed`
    : `${formatCount(removed.length)} removed`;
  const stay = refused.length === 0 ? '' : `, ${formatCount(refused.length)} could not be removed`;
  say(`${formatCount(keep.length)} snapshots kept, ${what}${stay}.`);
}

function inWords(item: Pick<RemovalItem, 'key' | 'files' | 'sizeBytes'>): string {
  const files = item.key.endsWith('/') ? `${formatCount(item.files)} files, ` : '';
  return `${item.key}  ${files}${formatBytes(item.sizeBytes)}`;
}

function owned({ role, owners }: RemovalItem): string {
  if (role !== 'archive' && role !== 'tree') return '';
  return owners.length > 1
    ? `: belongs to this dump and ${formatCount(owners.length - 1)} more that go`
    : ': belongs to this dump';
}

function stopped(removed: number, of: number) {
  return {
    code: 'cancelled',
    message: `Stopped after ${removed} of ${of} that should go; the others are still there.`,
    remedy: 'Run it again.',
    retry: 'safe',
  } as const;
}

function noRetention(path: string) {
  return {
    code: 'runbook-invalid',
    message: `Runbook ${path} does not say what to keep.`,
    remedy: 'Declare a retention section: hourly, daily, weekly, monthly, yearly, floor.',
    retry: 'after-fix',
  } as const;
}
