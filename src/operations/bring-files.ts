import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import { notCopiedFact } from '../kinds/facts.ts';
import type { FilesSource } from '../kinds/fields.ts';
import type { Step, StepContext } from '../kinds/kind.ts';
import { stepId } from '../kinds/kind.ts';
import { folderStore } from '../kinds/targets.ts';
import type { TreeSummary } from '../ports/file-trees.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { removeWorkFile } from './bring-object.ts';
import { copyObjects, notCopied } from './copy-objects.ts';
import { copyThawing } from './copy-thawing.ts';
import { type FoundFiles, filesStore, filesStoreConfig } from './find-files.ts';
import { readLeftOut } from './leave-out.ts';
import { listAll } from './open-targets.ts';
import { isContentTag, sameContent } from './prove-content.ts';
import { thawObjects } from './thaw-objects.ts';

/** No byte for that long on a part: it is asked for again. */
const stallMs = 30_000;

/** Side by side from a store that is not a folder. */
const workers = 16;

type Bring = {
  readonly step: Pick<Step, 'id' | 'kind'> & { readonly from: FilesSource };
  readonly files: FoundFiles;
  readonly toFolder: string;
};

/** The files into a folder of their own, whole or not at all. Touches nothing else. */
export async function bringFiles(
  bring: Bring,
  context: StepContext<'host' | 'stores' | 'keys' | 'trees'>,
): Promise<Outcome<TreeSummary>> {
  if (bring.files.kind === 'archive') return unpackArchive({ ...bring, files: bring.files }, context);
  const { folder } = context.world.nameStore(filesStoreConfig(bring.step.from, context));
  const { prefix } = bring.files;
  if (folder === undefined) return downloadTree({ ...bring, files: bring.files }, context);
  // A folder is copied as a folder: owners, modes and links are no part of an object.
  return context.world.trees.copyFolder({
    fromFolder: `${folder.replace(/\/+$/, '')}/${prefix}`,
    toFolder: bring.toFolder,
    signal: context.signal,
    onProgress: (done) => context.progress({ label: 'copied', done, unit: 'bytes' }),
  });
}

type Part<K extends FoundFiles['kind']> = Bring & { readonly files: Extract<FoundFiles, { kind: K }> };

async function unpackArchive(
  bring: Part<'archive'>,
  context: StepContext<'host' | 'stores' | 'keys' | 'trees'>,
): Promise<Outcome<TreeSummary>> {
  const { step, files, toFolder } = bring;
  const { object, layers } = files;
  const name = `files-${stepId(step)}`;
  const packed = context.workFile(`${name}.packed`);
  const tar = context.workFile(`${name}.tar`);
  const from = filesStore(step.from, context);
  const cold = await thawObjects({ store: from, objects: [object], without: 'do not wait for it' }, context);
  if (!cold.ok) return cold;
  context.output(`fetching ${object.key}, ${formatBytes(object.sizeBytes)}`);
  const fetched = await context.world.host.download({
    from,
    object,
    toFile: packed,
    stallMs,
    signal: context.signal,
    onProgress: (done) =>
      context.progress({ label: 'fetched', done, total: object.sizeBytes, unit: 'bytes' }),
  });
  if (!fetched.ok) return fetched;
  context.output(`sha256 ${fetched.value.sha256}  ${object.key}`);
  const opened = await context.world.openUnpacker(context.targets.backups.key).unpack({
    fromFile: packed,
    toFile: tar,
    layers,
    signal: context.signal,
    onProgress: (done) =>
      context.progress({ label: 'unpacked', done, total: object.sizeBytes, unit: 'bytes' }),
  });
  if (!opened.ok) return opened;
  const unpacked = await context.world.trees.unpackTar({
    file: tar,
    toFolder,
    signal: context.signal,
    onProgress: (done) =>
      context.progress({ label: 'written', done, total: opened.value.sizeBytes, unit: 'bytes' }),
  });
  if (!unpacked.ok) return unpacked;
  // Room for what comes after: neither is needed once the files are there.
  for (const file of [packed, tar]) {
    const removed = await removeWorkFile(context, file);
    if (!removed.ok) return removed;
  }
  return unpacked;
}

async function downloadTree(
  bring: Part<'tree'>,
  context: StepContext<'host' | 'stores' | 'trees'>,
): Promise<Outcome<TreeSummary>> {
  const { step, files, toFolder } = bring;
  const { trees } = context.world;
  const made = await trees.makeFolder(toFolder);
  if (!made.ok) return made;
  const to = context.world.openStore(folderStore(toFolder));
  const toTargetKey = (key: string) => key.slice(files.prefix.length);
  const id = stepId(step);
  const left = readLeftOut(id, context)?.keys ?? new Set<string>();
  const wanted = files.objects.filter(({ key }) => !left.has(key));
  // What an earlier attempt has brought need not come again.
  const brought = await listAll(to, '', context.signal);
  if (!brought.ok) return brought;
  const there = new Map(brought.value.map((object) => [object.key, object]));
  const objects = wanted.filter((object) => !sameContent(object, there.get(toTargetKey(object.key))));
  let done = wanted.length - objects.length;
  const total = wanted.length;
  const store = filesStore(step.from, context);
  const copy = (some: readonly ObjectInfo[]) =>
    copyObjects({
      objects: some,
      from: store,
      to,
      toTargetKey,
      access: 'drop',
      workers,
      signal: context.signal,
      patience: context.patience,
      onCopied: () => {
        done += 1;
        context.progress({ label: 'copied', done, total, unit: 'count' });
      },
    });
  const copied = await copyThawing({ store, objects, copy }, context);
  if (!copied.ok) return copied;
  const { failures } = copied.value;
  await context.record(
    notCopiedFact(id),
    failures.map(({ object }) => object.key),
  );
  if (failures.length > 0) return fail(notCopied(failures, files.objects.length, context.output));
  for (const object of wanted) {
    const found = await to.describe(toTargetKey(object.key));
    if (!found.ok) return found;
    if (found.value?.sizeBytes === object.sizeBytes && isSame(object, found.value)) continue;
    return {
      ok: false,
      failure: {
        code: 'damaged',
        message: `${object.key} did not arrive as it is listed.`,
        remedy: 'Retry.',
        retry: 'safe',
      },
    };
  }
  context.output(`${formatCount(total)} files copied and compared with the listing`);
  const summary = await trees.summarise({ folder: toFolder, contents: true, signal: context.signal });
  return summary.ok ? succeed(summary.value) : summary;
}

/** Where the store has no digest, the size is all there is. */
function isSame(a: ObjectInfo, b: ObjectInfo): boolean {
  return !isContentTag(a.etag) || !isContentTag(b.etag) || sameContent(a, b);
}
