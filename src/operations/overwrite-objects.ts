import { runMark } from '../base/digest.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { Permit } from '../base/permit.ts';
import { formatBytes, formatCount, formatTime } from '../base/units.ts';
import { type Check, notVerified } from '../base/verdict.ts';
import { type FactSource, readFact } from '../kinds/fact.ts';
import { overwritingFact, swappedFact } from '../kinds/facts.ts';
import { type StepContext, stepId } from '../kinds/kind.ts';
import type { ObjectInfo, ObjectStore, Replaced } from '../ports/object-store.ts';
import type { Pair } from './compare-objects.ts';
import { copyOne } from './copy-objects.ts';
import { sameContent, sameWhenRead } from './prove-content.ts';
import { writersStillDown } from './writers-still-down.ts';

/** Objects of a backup and the place they are to be in: what two step kinds have in common. */
export type Placement = {
  readonly stepId: string;
  readonly from: ObjectStore;
  readonly to: ObjectStore;
  readonly objects: readonly ObjectInfo[];
  /** Everything of the target that is looked at is below it. */
  readonly prefix: string;
  readonly toTargetKey: (key: string) => string;
  readonly workers: number;
  /** copy or write, as the step says it. */
  readonly verb: string;
  /** Whether what anybody could read is to be so again: whoever writes into the backup store can claim it of any object. */
  readonly publicObjects: 'keep' | 'name';
  /** What a person types before anything live is overwritten; undefined for a drill, whose place is its own. */
  readonly liveName: string | undefined;
  /** Looks at the source itself before it replaces anything. */
  readonly prove: () => Promise<Outcome<readonly Check[]>>;
};

type Overwrite = Pick<Placement, 'stepId' | 'to' | 'toTargetKey' | 'liveName' | 'prove'>;

/** The former objects of one step of one run, in their own bucket. Every listing of ours leaves it out (`isSetAside`). */
function keptBelow(step: string, { runId }: Pick<StepContext, 'runId'>): string {
  const mark = runMark(runId, step);
  return `.thaw-before-${mark}/`;
}

/**
 * What becomes of live objects that differ from those of the backup. Nothing is overwritten before the database of the run was
 * proven and swapped in, the source was proven, and a person typed the name of the bucket.
 */
export async function decideOverwriting(
  overwrite: Overwrite,
  ...[different, context]: [readonly Pair[], StepContext<'host' | 'databases' | 'services'>]
): Promise<Outcome<'keep' | 'overwrite' | 'wait'>> {
  const keys = different.map(({ source }) => source.key);
  const before = readFact(overwritingFact(overwrite.stepId), context);
  const settled = new Set(before?.keys ?? []);
  const turn = turnOf(overwrite.stepId, context);
  if (turn === 'wait') return succeed('wait');
  if (before !== undefined && keys.every((key) => settled.has(key))) return succeed(before.decision);
  const decide = async (decision: 'keep' | 'overwrite') => {
    const access = await overwrite.to.access(context.signal);
    if (!access.ok) return access;
    await context.record(overwritingFact(overwrite.stepId), {
      decision,
      overwrote: decision === 'overwrite' || before?.overwrote === true,
      keys,
      keptBelow: keptBelow(overwrite.stepId, context),
      store: access.value.identity,
      address: overwrite.to.address,
    });
    return succeed(decision);
  };
  if (turn === 'too-early') {
    context.output(
      'the database is restored by a later step: live objects that differ are kept; put this step behind it to be asked',
    );
    return decide('keep');
  }
  const down = await writersStillDown(context);
  if (!down.ok) return down;
  const proofs = await overwrite.prove();
  if (!proofs.ok) return proofs;
  if (proofs.value.some(({ verdict }) => verdict === 'failed')) return fail(notVerified(proofs.value));
  const answer = await ask(overwrite, { different, proofs: proofs.value }, context);
  return answer.ok ? decide(answer.value) : answer;
}

/** The step that replaces the database may stand before this one, beside it, or after it. */
function turnOf(id: string, context: StepContext): 'now' | 'wait' | 'too-early' {
  const own = context.steps.findIndex((step) => stepId(step) === id);
  const [restore] = context.giving(swappedFact);
  const restoring = restore === undefined ? -1 : context.steps.indexOf(restore);
  if (restoring === -1 || readFact(swappedFact, context) !== undefined) return 'now';
  if (restoring < own) return 'wait';
  const between = context.steps.slice(own + 1, restoring + 1);
  return between.every(({ alongside }) => alongside === true) ? 'wait' : 'too-early';
}

const examples = 5;

function overwriteQuestion(step: string): string {
  return `${step}.overwrite`;
}

async function ask(
  { stepId: id, to, liveName = '', toTargetKey }: Overwrite,
  ...[known, context]: [
    { readonly different: readonly Pair[]; readonly proofs: readonly Check[] },
    StepContext,
  ]
): Promise<Outcome<'keep' | 'overwrite'>> {
  const { different, proofs } = known;
  const newer = different.filter(({ source, target }) => target.modifiedAtMs > source.modifiedAtMs);
  const older = different.filter((pair) => !newer.includes(pair));
  const bytes = (side: 'source' | 'target') =>
    formatBytes(different.reduce((sum, pair) => sum + pair[side].sizeBytes, 0));
  const answer = await context.ask({
    kind: 'type-name',
    id: overwriteQuestion(id),
    stepId: id,
    title: 'Overwrite live objects that differ from the backup',
    body: [
      newer.length === 0
        ? 'None of them was changed in the live bucket after it was backed up.'
        : `${formatCount(newer.length)} of ${formatCount(different.length)} are newer in the live bucket than in the backup.`,
    ],
    name: liveName,
    verb: 'overwrite',
    ...(liveName === keepThem.value ? {} : { instead: keepThem }),
    facts: [
      { label: 'bucket', value: to.address },
      { label: 'goes out', value: `${formatCount(different.length)} objects, ${bytes('target')}` },
      { label: 'comes in', value: `${formatCount(different.length)} objects, ${bytes('source')}` },
      { label: 'newer', value: `${formatCount(newer.length)} of them in the live bucket` },
      ...[...newer, ...older].slice(0, examples).map(({ source, target }) => ({
        label: 'such as',
        value: `${toTargetKey(source.key)}  live ${inWords(target)}, backup ${inWords(source)}`,
      })),
      ...proofs.map(({ verdict, text }) => ({
        label: 'checked',
        value: verdict === 'passed' ? text : `${verdict.replaceAll('-', ' ')}: ${text}`,
      })),
      { label: 'kept as', value: `${keptBelow(id, context)}…  (${wayBack(context)})` },
    ],
  });
  if (!answer.ok) return answer;
  if (answer.value.value === liveName) return succeed('overwrite');
  if (answer.value.value === keepThem.value) return succeed('keep');
  return fail({
    code: 'cancelled',
    message:
      'The overwriting was not confirmed; every live object is as it was, and what was missing is there.',
    remedy: `Retry to be asked again; the answer ${keepThem.value} keeps the live ones.`,
    retry: 'safe',
  });
}

/** A roll-back is that of a swap: where no database was replaced there is none. */
export function wayBack(from: FactSource): string {
  return readFact(swappedFact, from)?.hadTarget === true
    ? '`thaw rollback` brings them back'
    : 'copy them back from there by hand';
}

const keepThem = { value: 'keep', label: 'keeps the live ones' };

function inWords({ sizeBytes, modifiedAtMs }: ObjectInfo): string {
  return `${formatBytes(sizeBytes)} of ${formatTime(modifiedAtMs)}`;
}

/** What is done before one object is overwritten: it is kept, and what was kept is compared with it. */
export function keepFirst(
  { stepId: id, to, toTargetKey }: Pick<Placement, 'stepId' | 'to' | 'toTargetKey'>,
  ...[pairs, context]: [readonly Pair[], StepContext]
) {
  const prefix = keptBelow(id, context);
  const planned = new Map(pairs.map(({ source, target }) => [source.key, target]));
  return async (source: ObjectInfo): Promise<Outcome<Permit<Replaced> | undefined>> => {
    const key = toTargetKey(source.key);
    const live = await to.describe(key);
    if (!live.ok) return live;
    // Gone meanwhile: there is nothing to keep.
    if (live.value === undefined) return succeed(undefined);
    if (live.value.etag !== planned.get(source.key)?.etag) return fail(changedMeanwhile(key));
    const { signal, guard } = context;
    const aside = await setAside({ store: to, object: live.value, asKey: `${prefix}${key}`, signal });
    return aside.ok ? guard.overwriteObject({ object: live.value, agreedIn: overwriteQuestion(id) }) : aside;
  };
}

/** A copy beside it, finished and compared. One that is there already is only compared: it is of an attempt that was cut short. */
export async function setAside(request: {
  readonly store: ObjectStore;
  readonly object: ObjectInfo;
  readonly asKey: string;
  readonly signal: AbortSignal;
}): Promise<Outcome<void>> {
  const { store, object, asKey, signal } = request;
  const there = await store.describe(asKey);
  if (!there.ok) return there;
  if (there.value === undefined) {
    const copied = await copyOne(
      { from: store, to: store, toTargetKey: () => asKey, access: 'note', signal },
      object,
    );
    if (!copied.ok) return copied;
    if (copied.value.proof !== undefined) return succeed(undefined);
  }
  const aside = there.value === undefined ? await store.describe(asKey) : there;
  if (!aside.ok) return aside;
  if (aside.value === undefined) return fail(notKept(object.key, asKey));
  if (sameContent(object, aside.value)) return succeed(undefined);
  if (object.sizeBytes !== aside.value.sizeBytes) return fail(notKept(object.key, asKey));
  const same = await sameWhenRead({ from: store, to: store, source: object, target: aside.value }, signal);
  if (!same.ok) return same;
  return same.value ? succeed(undefined) : fail(notKept(object.key, asKey));
}

function changedMeanwhile(key: string): Failure {
  return {
    code: 'conflict',
    message: `${key} was changed in the live bucket meanwhile; it was not overwritten.`,
    remedy: 'Stop what writes into the bucket, then retry.',
    retry: 'after-fix',
  };
}

function notKept(key: string, asKey: string): Failure {
  return {
    code: 'conflict',
    message: `${key} was not overwritten: ${asKey} holds something else than it.`,
    remedy: `Look at ${asKey}, move it away, then retry.`,
    retry: 'after-fix',
  };
}
