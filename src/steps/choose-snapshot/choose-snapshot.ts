import { shorten } from '../../backups/compare-inventories.ts';
import { recoveryMoment } from '../../backups/moments.ts';
import { dumpHasNoPointInTime } from '../../backups/point-in-time.ts';
import { newestComplete, type Snapshot } from '../../backups/snapshot.ts';
import { isEncrypted, sealedWith } from '../../backups/wrapping.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes, formatSpan, formatTime } from '../../base/units.ts';
import { type Check, couldNotVerify, passed } from '../../base/verdict.ts';
import { openedDumpFact } from '../../kinds/dump-facts.ts';
import { needFact, readFact, saysNone } from '../../kinds/fact.ts';
import { authorFact, manifestFact, snapshotFact } from '../../kinds/facts.ts';
import type { CheckContext, StepContext, StepOf } from '../../kinds/kind.ts';
import { implementKind } from '../../kinds/kind.ts';
import { readSigned } from '../../operations/authors.ts';
import { findSnapshots, pickAnySnapshot, readManifest } from '../../operations/find-snapshots.ts';
import { lackingExtensions, lackingRoles } from '../../operations/lacking-at-target.ts';
import { refuseNewerDump } from '../../operations/newer-dump.ts';
import { openSnapshot, sayOpened } from '../../operations/open-snapshot.ts';
import { backupStore, blocker, sayCredentials } from '../../operations/open-targets.ts';
import { refuseLive } from '../../operations/refuse-scope.ts';
import { thawObjects } from '../../operations/thaw-objects.ts';
import type { TableRow } from '../../ports/operator.ts';
import { agreeToAuthor, countEncrypted, judgePlain, judgeSource, missedBefore } from './judge-source.ts';
import { chooseSnapshotKind } from './kind.ts';

/** A larger difference makes the RPO and the record's times wrong; stores refuse signatures at 15 minutes. */
const tolerableSkewMs = 2 * 60_000;

export const chooseSnapshot = implementKind(chooseSnapshotKind, {
  async preview(_step, context) {
    return {
      sentences: [
        `Lists the dumps in ${backupStore(context).address} and lets you choose one.`,
        'Opens the one you choose with the key at hand, and reads its header, before anything is stopped.',
      ],
      commands: [],
    };
  },

  check: checkBackups,

  async run(_step, context) {
    const refused = refuseLive(context);
    if (refused !== undefined) return fail(refused);
    const found = await findSnapshots(context);
    if (!found.ok) return found;
    const chosen = await chooseOne(context, found.value);
    if (!chosen.ok) return chosen;
    const within = await bringWithinReach(context, chosen.value);
    if (!within.ok) return within;
    const opened = await openSnapshot(context, chosen.value);
    if (!opened.ok) return opened;
    const taken = await refuseNewerDump(opened.value.serverVersion, context);
    if (!taken.ok) return taken;
    const signed = await readSigned(context, chosen.value);
    if (!signed.ok) return signed;
    const { manifest } = signed.value;
    const author = await agreeToAuthor(context, { id: chosen.value.id, author: signed.value.author });
    if (!author.ok) return author;
    const { incomplete: _, cold: __, ...listed } = chosen.value;
    const { createdAtLocal } = opened.value;
    // The producer knows the moment; a name and an upload time only come near it.
    const takenAtMs = recoveryMoment({ snapshot: listed, manifest, createdAtLocal });
    const snapshot = { ...listed, takenAtMs };
    await context.record(snapshotFact, {
      ...snapshot,
      loss: lossInWords(snapshot, context),
      ...(isEncrypted(snapshot.layers) ? {} : { encryptedOthers: countEncrypted(found.value) }),
    });
    await context.record(openedDumpFact, opened.value);
    // Recorded even when there is none: an earlier choice may have had one.
    await context.record(manifestFact, manifest ?? null);
    await context.record(authorFact, {
      ...author.value,
      ...missedBefore(context, { author: author.value, isNewest: found.value[0]?.key === chosen.value.key }),
    });
    return succeed({ kind: 'done' });
  },

  async verify(_step, context) {
    const snapshot = needFact(snapshotFact, context);
    const opened = needFact(openedDumpFact, context);
    const opens = passed(sayOpened(snapshot.id, opened));
    const lacking = await lackingExtensions(context, opened);
    // Nobody counts the rows of a dump that has none.
    if (context.targets.backups.contents === 'schema') return succeed([opens, ...judgeSource(context)]);
    return succeed([
      opens,
      ...lacking,
      saysNone(manifestFact, context)
        ? {
            ...couldNotVerify(
              `${snapshot.id} has no manifest: what the producer counted is not known`,
              'Take backups with `thaw backup`, which writes one.',
            ),
            against: 'manifest' as const,
          }
        : passed(
            `${snapshot.id} has a manifest of ${readFact(manifestFact, context)?.tables.length ?? 0} tables`,
          ),
      ...judgeSource(context),
    ]);
  },
});

async function checkBackups(
  step: StepOf<typeof chooseSnapshotKind>,
  context: CheckContext<'host' | 'stores' | 'dumpTools' | 'databases' | 'keys'>,
): Promise<readonly Check[]> {
  if (step.pointInTime) return [blocker(dumpHasNoPointInTime('A dump', step.pointInTime))];
  const refused = refuseLive(context);
  if (refused !== undefined) return [blocker(refused)];
  const access = await backupStore(context).access();
  if (!access.ok) return [blocker(access.failure)];
  const skew = access.value.clockSkewMs ?? 0;
  const checks: Check[] = [...sayCredentials(backupStore(context), access.value)];
  if (Math.abs(skew) > tolerableSkewMs) {
    checks.push(
      couldNotVerify(
        `the clock of this host and of the backup store differ by ${formatSpan(Math.abs(skew))}`,
        'Set the clock of this host.',
      ),
    );
  }
  const found = await findSnapshots(context);
  if (!found.ok) return [...checks, blocker(found.failure)];
  const picked = pickAnySnapshot(found.value, context.wantedSnapshot ?? 'latest');
  if (!picked.ok) return [...checks, blocker(picked.failure)];
  checks.push(...checkHosts({ found: found.value, picked: picked.value }));
  if (!isEncrypted(picked.value.layers))
    checks.push(...judgePlain({ id: picked.value.id, encryptedOthers: countEncrypted(found.value) }));
  const age = formatSpan(context.world.host.now() - picked.value.takenAtMs);
  checks.push(
    passed(
      `${backupStore(context).address}: ${found.value.length} snapshots; ${picked.value.id} is ${age} old`,
    ),
  );
  if (picked.value.cold !== undefined)
    return [
      ...checks,
      couldNotVerify(
        `${picked.value.id} is ${picked.value.cold}: whether it opens cannot be tried`,
        'The first step asks whether to bring it back, which takes hours: --answer choose-snapshot.thaw=standard.',
      ),
    ];
  const opened = await openSnapshot(context, picked.value);
  if (!opened.ok) return [...checks, blocker(opened.failure)];
  checks.push(passed(sayOpened(picked.value.id, opened.value)));
  checks.push(
    ...(await lackingExtensions(context, opened.value)),
    ...(await lackingRoles(context, opened.value)),
  );
  const taken = await refuseNewerDump(opened.value.serverVersion, context);
  if (!taken.ok) checks.push(blocker(taken.failure));
  const manifest = await readManifest(context, picked.value);
  if (!manifest.ok) checks.push(blocker(manifest.failure));
  return checks;
}

/** The newest dump in a shared store may be of another system: a staging host, say. */
function checkHosts(store: {
  readonly found: readonly Snapshot[];
  readonly picked: Snapshot;
}): readonly Check[] {
  const hosts = [...new Set(store.found.flatMap(({ host }) => (host === undefined ? [] : [host])))];
  if (hosts.length < 2) return [];
  return [
    couldNotVerify(
      `the store holds dumps of ${hosts.length} hosts (${shorten(hosts)}); ${store.picked.id} is of ${store.picked.host}`,
      'See that this is the host that was lost, or name it under backups.dumps.host in the runbook.',
    ),
  ];
}

async function chooseOne(
  context: StepContext<'host'>,
  snapshots: readonly Snapshot[],
): Promise<Outcome<Snapshot>> {
  const newest = newestComplete(snapshots);
  const answer = await context.ask({
    kind: 'choose-row',
    id: 'choose-snapshot',
    stepId: context.stepId,
    title: 'Choose a snapshot',
    body: [],
    ...tableOf(snapshots, { context, newest }),
    about: Object.fromEntries(snapshots.map((snapshot) => [snapshot.id, lossInWords(snapshot, context)])),
    ...(newest === undefined ? {} : { preferred: newest.id }),
  });
  return answer.ok ? pickAnySnapshot(snapshots, answer.value.value) : answer;
}

async function bringWithinReach(
  context: StepContext<'host' | 'stores'>,
  { id, key, cold }: Snapshot,
): Promise<Outcome<void>> {
  if (cold === undefined) return succeed(undefined);
  const store = backupStore(context);
  const object = await store.describe(key);
  if (!object.ok) return object;
  const objects = object.value === undefined ? [] : [object.value];
  const thawed = await thawObjects({ store, objects, without: 'do not take it' }, context);
  if (!thawed.ok || thawed.value.length === 0) return thawed.ok ? succeed(undefined) : thawed;
  return fail({
    code: 'cancelled',
    message: `${id} is ${cold}, and nobody asked for it.`,
    remedy:
      'Retry, and choose another snapshot or how it is to be brought back (--answer choose-snapshot.thaw=standard).',
    retry: 'safe',
  });
}

/** A column is there only where it tells rows apart: 80 columns are soon full. The time is what is chosen by, and is never cut. */
function tableOf(
  snapshots: readonly Snapshot[],
  { context, newest }: { readonly context: StepContext<'host'>; readonly newest: Snapshot | undefined },
): {
  readonly columns: readonly string[];
  readonly ranks: readonly number[];
  readonly rows: readonly TableRow[];
} {
  const nowMs = context.world.host.now();
  const proven = context.provenSnapshots ?? new Map<string, string>();
  const someProven = snapshots.some(({ id }) => proven.has(id));
  const severalHosts = new Set(snapshots.map(({ host }) => host)).size > 1;
  return {
    columns: ['taken (UTC)', 'age', 'dump', 'enc', 'manifest', ...(someProven ? ['verified'] : []), ''],
    ranks: [0, 1, 3, 6, 5, ...(someProven ? [4] : []), 2],
    rows: snapshots.map((snapshot) => ({
      value: snapshot.id,
      label: snapshot.id,
      marked: snapshot === newest,
      cells: [
        formatTime(snapshot.takenAtMs).slice(0, 16),
        formatSpan(nowMs - snapshot.takenAtMs),
        formatBytes(snapshot.sizeBytes),
        sealedWith(snapshot.layers),
        snapshot.manifestKey === undefined ? 'no' : 'yes',
        ...(someProven ? [proven.get(snapshot.id) ?? '-'] : []),
        lastCell(snapshot) ?? (severalHosts ? snapshot.host : undefined) ?? '',
      ],
      ...(snapshot.incomplete === undefined ? {} : { disabledBecause: snapshot.incomplete }),
    })),
  };
}

function lastCell({ incomplete, cold, doubt }: Snapshot): string | undefined {
  if (incomplete !== undefined) return 'incomplete';
  if (cold !== undefined) return 'cold storage';
  return doubt === undefined ? undefined : doubt.kind.replace('-', ' ');
}

/** The loss in words, against the objective. */
export function lossInWords(
  snapshot: Pick<Snapshot, 'takenAtMs' | 'id'>,
  context: Pick<StepContext, 'lostAtMs' | 'rpoMs'>,
): string {
  const lossMs = context.lostAtMs - snapshot.takenAtMs;
  const [takenDay, taken] = dayAndTime(snapshot.takenAtMs);
  const [lostDay, lost] = dayAndTime(context.lostAtMs);
  if (lossMs < 0) {
    return `${takenDay} ${taken} is ${formatSpan(-lossMs)} after the loss at ${lost}: it may hold the damage itself.`;
  }
  const objective = formatSpan(context.rpoMs);
  const against =
    lossMs <= context.rpoMs ? `within the RPO of ${objective}` : `more than the RPO of ${objective}`;
  return `With ${takenDay === lostDay ? taken : `${takenDay} ${taken}`} you lose what was written in the ${formatSpan(lossMs)} before the loss at ${lost}: ${against}.`;
}

function dayAndTime(timeMs: number): readonly [string, string] {
  const text = formatTime(timeMs);
  return [text.slice(0, 10), text.slice(11, 16)];
}
