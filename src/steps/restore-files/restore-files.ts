import { shorten } from '../../backups/compare-inventories.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes, formatCount, formatSpan, formatTime } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import { madePlaceFact, restoredFilesFact, snapshotFact, swappingFilesFact } from '../../kinds/facts.ts';
import type { StepContext, StepEnd, StepOf } from '../../kinds/kind.ts';
import { implementKind, stepId } from '../../kinds/kind.ts';
import { durationMs } from '../../kinds/targets.ts';
import { bringFiles } from '../../operations/bring-files.ts';
import { dumpTime, filesStore, findFiles } from '../../operations/find-files.ts';
import { leaveOutObjects, leftOutCheck, readLeftOut } from '../../operations/leave-out.ts';
import { writersStillDown } from '../../operations/writers-still-down.ts';
import type { TreeSummary } from '../../ports/file-trees.ts';
import { checkFiles, judgeOwner, keepApart, missingPlace } from './check-files.ts';
import { filesPlaces } from './files-places.ts';
import { restoreFilesKind } from './kind.ts';

type FilesStep = StepOf<typeof restoreFilesKind>;

/**
 * Documents and media back into a folder: brought into a folder beside it, looked at, and swapped by renaming. The old
 * folder stays. A drill brings them into a folder of its own and ends before the swap.
 */
export const restoreFiles = implementKind(restoreFilesKind, {
  async preview(step, context) {
    const { target, incoming, kept } = filesPlaces(step, context);
    const what = step.from.kind === 'archive' ? step.from.layout : step.from.prefix;
    return {
      sentences: [
        `Takes the ${step.which === 'newest' ? 'newest files' : 'files of the chosen snapshot'} (${what}) from ${filesStore(step.from, context).address} into ${incoming}.`,
        context.mode === 'drill'
          ? 'Compares them with what was brought; the folder is removed when the drill ends.'
          : step.swap === 'contents'
            ? `Then asks you to type the name, and swaps what is in ${target}: the old files are kept in ${kept}. Nobody may use them meanwhile.`
            : `Then asks you to type the name, and swaps: ${target} is kept as ${kept}.`,
      ],
      commands: [],
    };
  },

  check: checkFiles,

  async run(step, context) {
    if (readFact(swappingFilesFact(stepId(step)), context) !== undefined) return swap(step, context);
    if (!(await isBrought(step, context))) {
      const brought = await bring(step, context);
      if (!brought.ok) return brought;
    }
    if (context.mode === 'drill') return succeed({ kind: 'done' });
    const down = await writersStillDown(context);
    const agreed = down.ok ? await confirmSwap(step, context) : down;
    return agreed.ok ? swap(step, context) : agreed;
  },

  leaveOut: (step, context) => leaveOutObjects(stepId(step), context),

  async verify(step, context) {
    const left = readLeftOut(stepId(step), context);
    const restored = needFact(restoredFilesFact(stepId(step)), context);
    const { target, incoming, kept } = filesPlaces(step, context);
    const swapped = readFact(swappingFilesFact(stepId(step)), context);
    const folder = context.mode === 'drill' ? incoming : target;
    const found = await context.world.trees.summarise({
      folder,
      contents: step.verify === 'contents',
      signal: context.signal,
    });
    if (!found.ok) return found;
    const old = swapped?.hadTarget ? [passed(`the old folder is kept as ${kept}`)] : [];
    const missing = left === undefined ? [] : [leftOutCheck([...left.keys], left.reason)];
    const made = readFact(madePlaceFact(stepId(step)), context);
    return succeed([
      ...compare(restored.summary, found.value),
      ...apart(step, context),
      ...old,
      ...(await judgeOwner(step, { place: made, context })),
      ...missing,
    ]);
  },

  async cleanUp(step, context) {
    const { trees } = context.world;
    const { incoming, target } = filesPlaces(step, context);
    const swapping = readFact(swappingFilesFact(stepId(step)), context);
    const halfway = swapping === undefined ? succeed(false) : await trees.isHalfway(swapping);
    if (!halfway.ok) return [failed(halfway.failure.message, halfway.failure.remedy)];
    if (halfway.value)
      return [failed(`the swap of ${target} was begun and has not ended`, 'Finish it with `thaw resume`.')];
    const beside = await trees.exists(incoming);
    if (beside.ok && !beside.value && context.mode === 'live') return [];
    const permit = context.guard.removeFolder(incoming);
    const removed = permit.ok ? await trees.removeFolder(permit.value) : permit;
    const files = context.mode === 'drill' ? "the drill's files" : 'the files that were never put in place';
    if (removed.ok) return [passed(`${files} removed: ${incoming}`)];
    return [failed(`${files} are still in ${incoming}: ${removed.failure.message}`, removed.failure.remedy)];
  },
});

/** The dump these files belong to; undefined where they stand for themselves. */
function snapshotKeyOf(step: FilesStep, context: StepContext): string | undefined {
  return step.which === 'newest' ? undefined : needFact(snapshotFact, context).key;
}

/** An earlier attempt may have brought everything, and stopped at the question. */
async function isBrought(step: FilesStep, context: StepContext<'trees'>): Promise<boolean> {
  const restored = readFact(restoredFilesFact(stepId(step)), context);
  if (restored === undefined || restored.snapshotKey !== snapshotKeyOf(step, context)) return false;
  const there = await context.world.trees.exists(restored.folder);
  return there.ok && there.value;
}

async function bring(
  step: FilesStep,
  context: StepContext<'host' | 'stores' | 'keys' | 'trees'>,
): Promise<Outcome<void>> {
  const snapshotKey = snapshotKeyOf(step, context);
  // The preflight looked; a link or a mount may have come since.
  const apart = await keepApart(step, context);
  if (!apart.ok) return apart;
  const files = await findFiles(step.from, snapshotKey, context);
  if (!files.ok) return files;
  const { incoming } = filesPlaces(step, context);
  const noted = await noteMissingPlace(step, context);
  if (!noted.ok) return noted;
  const summary = await bringFiles({ step, files: files.value, toFolder: incoming }, context);
  if (!summary.ok) return summary;
  context.output(inWords(summary.value));
  await context.record(restoredFilesFact(stepId(step)), {
    ...(snapshotKey === undefined ? {} : { snapshotKey }),
    from: files.value.kind === 'archive' ? files.value.object.key : files.value.prefix,
    namedTimeMs: files.value.namedTimeMs,
    ...(files.value.kind === 'tree' && files.value.undatedNewestMs !== undefined
      ? { undatedNewestMs: files.value.undatedNewestMs }
      : {}),
    folder: incoming,
    summary: summary.value,
  });
  return succeed(undefined);
}

/** Asked before anything is brought, since what is brought stands beside the live folder. */
async function noteMissingPlace(step: FilesStep, context: StepContext<'trees'>): Promise<Outcome<void>> {
  if (context.mode === 'drill') return succeed(undefined);
  const place = await missingPlace(step, context);
  if (!place.ok) return place;
  if (place.value !== undefined) await context.record(madePlaceFact(stepId(step)), place.value);
  return succeed(undefined);
}

function swapQuestion(step: FilesStep): string {
  return `${stepId(step)}.swap`;
}

async function confirmSwap(
  step: FilesStep,
  context: StepContext<'host' | 'databases' | 'trees' | 'services'>,
): Promise<Outcome<void>> {
  const id = stepId(step);
  const { target, incoming, kept, name } = filesPlaces(step, context);
  const restored = needFact(restoredFilesFact(id), context);
  const there = await context.world.trees.exists(target);
  if (!there.ok) return there;
  if (there.value) {
    const old = await context.world.trees.summarise({
      folder: target,
      contents: false,
      signal: context.signal,
    });
    const answer = await context.ask({
      kind: 'type-name',
      id: swapQuestion(step),
      stepId: id,
      title: 'Swap the restored files into place',
      body: [],
      name,
      verb: 'swap',
      facts: [
        { label: 'goes out', value: `${target}  ${old.ok ? inWords(old.value) : old.failure.message}` },
        { label: 'comes in', value: `${restored.from}  ${inWords(restored.summary)}` },
        { label: 'kept as', value: kept },
      ],
    });
    if (!answer.ok) return answer;
    if (answer.value.value !== name) return fail(notConfirmed(target, incoming));
  }
  await context.record(swappingFilesFact(id), { target, incoming, kept, hadTarget: there.value });
  return succeed(undefined);
}

async function swap(
  step: FilesStep,
  context: StepContext<'host' | 'databases' | 'trees' | 'services'>,
): Promise<Outcome<StepEnd>> {
  const names = needFact(swappingFilesFact(stepId(step)), context);
  const down = await writersStillDown(context);
  if (!down.ok) return down;
  const all = step.swap === 'contents' ? '/*' : '';
  if (names.hadTarget) await context.recordCommand(`mv ${names.target}${all} ${names.kept}`);
  await context.recordCommand(`mv ${names.incoming}${all} ${names.target}`);
  const permit = context.guard.replaceFolder({ swapping: names, agreedIn: swapQuestion(step) });
  const swapped = permit.ok ? await context.world.trees.swap(permit.value) : permit;
  return swapped.ok ? succeed({ kind: 'done' }) : swapped;
}

function compare(expected: TreeSummary, found: TreeSummary): readonly Check[] {
  const remedy = 'Stop what writes into the folder, then retry.';
  const isSame =
    found.listSha256 === expected.listSha256 &&
    (found.contentSha256 === undefined || found.contentSha256 === expected.contentSha256);
  if (!isSame) {
    return [failed(`found ${inWords(found)} instead of what was brought: ${inWords(expected)}`, remedy)];
  }
  const how = found.contentSha256 === undefined ? 'by name and size' : 'by every byte';
  return [
    passed(`${inWords(found)}, as brought, ${how}`),
    expected.ownersKept
      ? passed('owners and modes are those of the backup')
      : couldNotVerify(
          'the files belong to the user who runs thaw, since only root may give files away',
          'Give them to their owner with chown, or run thaw as root.',
        ),
    ...(expected.stripped === undefined
      ? []
      : [passed(`set-user-ID and set-group-ID were taken from ${shorten(expected.stripped)}`)]),
  ];
}

/** Files of another time than the database: fewer than the rows name, or more. */
function apart(step: FilesStep, context: StepContext): readonly Check[] {
  const restored = needFact(restoredFilesFact(stepId(step)), context);
  const { snapshotKey, undatedNewestMs } = restored;
  const dump = snapshotKey === undefined ? undefined : dumpTime(snapshotKey, context);
  const databaseMs = dump?.fromMs ?? restored.namedTimeMs;
  if (undatedNewestMs !== undefined && snapshotKey !== undefined) {
    const isNear = distance(undatedNewestMs, { fromMs: databaseMs, spanMs: dump?.spanMs ?? 0 });
    return [
      undatedFiles({
        from: restored.from,
        newestMs: undatedNewestMs,
        isNear: isNear <= durationMs(step.apart),
      }),
    ];
  }
  const apartMs = Math.abs(databaseMs - restored.namedTimeMs);
  if (apartMs <= durationMs(step.apart))
    return [passed(`files of ${formatTime(restored.namedTimeMs)}: ${restored.from}`)];
  return [
    couldNotVerify(
      `the files are of ${formatTime(restored.namedTimeMs)}, ${formatSpan(apartMs)} ${restored.namedTimeMs < databaseMs ? 'before' : 'after'} the database`,
      'Look for rows that name a file which is not there.',
    ),
  ];
}

/** A copy that is made anew each time has no day in its name. Its newest file near the dump makes it likely to be of it, and no more. */
function undatedFiles(of: {
  readonly from: string;
  readonly newestMs: number;
  readonly isNear: boolean;
}): Check {
  const text = `which moment the files below ${of.from || 'the root'} are of is not known: no name dates them, and the store took the newest at ${formatTime(of.newestMs)}`;
  const remedy =
    'Look for rows that name a file which is not there (references of the checklist); put {date} into the prefix where there is a folder for each day.';
  return of.isNear ? { verdict: 'not-checked', text, remedy } : couldNotVerify(text, remedy);
}

function distance(
  timeMs: number,
  { fromMs, spanMs }: { readonly fromMs: number; readonly spanMs: number },
): number {
  return Math.max(fromMs - timeMs, timeMs - (fromMs + spanMs), 0);
}

function inWords({ files, sizeBytes }: TreeSummary): string {
  return `${formatCount(files)} files, ${formatBytes(sizeBytes)}`;
}

function notConfirmed(target: string, incoming: string) {
  return {
    code: 'cancelled',
    message: `The swap was not confirmed; ${target} is untouched and ${incoming} is ready.`,
    remedy: 'Retry to be asked again; nothing needs to be fetched anew.',
    retry: 'safe',
  } as const;
}
