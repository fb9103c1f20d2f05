import { deviation, type NamedTime, namedTime } from '../backups/artifacts.ts';
import { type LayoutMatch, parseLayout } from '../backups/layout.ts';
import { isEncrypted, layersOf } from '../backups/wrapping.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { type Check, couldNotVerify, failed } from '../base/verdict.ts';
import type { FilesSource } from '../kinds/fields.ts';
import type { CheckContext } from '../kinds/kind.ts';
import { stepId } from '../kinds/kind.ts';
import type { Targets } from '../kinds/targets.ts';
import type { ObjectInfo, ObjectStoreConfig } from '../ports/object-store.ts';
import type { Layer } from '../ports/unpacker.ts';
import type { StoreLooks } from '../ports/world.ts';
import { backupStore, listAll } from './open-targets.ts';

type Reach = Pick<CheckContext<'host' | 'stores'>, 'world' | 'targets'>;
type Source = FilesSource;

/** Where the files of a snapshot are: one archive, or a tree below a prefix. */
export type FoundFiles =
  | {
      readonly kind: 'archive';
      readonly object: ObjectInfo;
      readonly layers: readonly Layer[];
      readonly namedTimeMs: number;
    }
  | {
      readonly kind: 'tree';
      readonly prefix: string;
      readonly objects: readonly ObjectInfo[];
      readonly namedTimeMs: number;
      /** Where the prefix names no day: such files are of no dump more than of another. When the store took the newest. */
      readonly undatedNewestMs?: number;
    };

export function filesStoreConfig(source: Source, { targets }: Pick<Reach, 'targets'>): ObjectStoreConfig {
  return source.store ?? targets.backups.store;
}

export function filesStore<Store>(
  source: Source,
  context: { readonly world: { openStore(config: ObjectStoreConfig): Store }; readonly targets: Targets },
): Store {
  return context.world.openStore(filesStoreConfig(source, context));
}

/** The time in the name of the database's dump: what the files belong to is told by names alone. */
export function dumpTime(snapshotKey: string, { targets }: Pick<Reach, 'targets'>): NamedTime | undefined {
  const layout = parseLayout(targets.backups.layout);
  return 'fault' in layout ? undefined : namedTime(layout, snapshotKey);
}

/**
 * What belongs to the dump of that key: of the same time, else the archive nearest to it. Without a dump the newest archive
 * is the one.
 */
export async function findFiles(
  source: Source,
  ...[snapshotKey, context]: [string | undefined, Reach]
): Promise<Outcome<FoundFiles>> {
  const dated = await timeOfDump(snapshotKey, context);
  if (!dated.ok) return dated;
  const time = dated.value;
  const store = filesStore(source, context);
  return source.kind === 'archive'
    ? findArchive({ source, store, time })
    : findTree({ source, store, timeMs: time.fromMs });
}

/** Of a dump whose name tells no time, when the store took it. */
async function timeOfDump(snapshotKey: string | undefined, context: Reach): Promise<Outcome<NamedTime>> {
  if (snapshotKey === undefined) return succeed({ fromMs: context.world.host.now(), spanMs: 0 });
  const named = dumpTime(snapshotKey, context);
  if (named !== undefined) return succeed(named);
  const object = await backupStore(context).describe(snapshotKey);
  return object.ok ? succeed({ fromMs: object.value?.modifiedAtMs ?? 0, spanMs: 0 }) : object;
}

async function findArchive(search: {
  readonly source: Extract<Source, { kind: 'archive' }>;
  readonly store: StoreLooks;
  readonly time: NamedTime;
}): Promise<Outcome<FoundFiles>> {
  const { source, store, time } = search;
  const layout = parseLayout(source.layout);
  if ('fault' in layout) return fail(badLayout(source.layout, layout.fault));
  const listed = await listAll(store, layout.prefix);
  if (!listed.ok) return listed;
  const archives = listed.value.flatMap((object) => {
    const match = layout.match(object.key);
    const own =
      match === undefined ? undefined : (namedTime(layout, object.key) ?? uploadTime(object, match));
    const far = own === undefined ? undefined : deviation(time, own);
    return own === undefined || far === undefined || object.sizeBytes === 0
      ? []
      : [{ object, layers: layersOf(object.key), namedTimeMs: own.fromMs, far }];
  });
  // Of two for one time the encrypted one is meant: anybody who can write to the store can lay a plain one beside it.
  const isPlain = ({ layers }: (typeof archives)[number]) => !isEncrypted(layers);
  const [nearest] = archives.sort((a, b) => a.far - b.far || Number(isPlain(a)) - Number(isPlain(b)));
  if (nearest !== undefined && isPlain(nearest) && !archives.every(isPlain))
    return fail(plainAmongEncrypted(nearest.object.key));
  if (nearest !== undefined) {
    const { far: _, ...found } = nearest;
    return succeed({ kind: 'archive', ...found });
  }
  return fail({
    code: 'not-found',
    message: `There is no archive of files in ${store.address}: none of ${listed.value.length} objects fits ${source.layout}${time.host === undefined ? '' : ` of host ${time.host}`}.`,
    remedy: 'Compare the layout in the runbook with what is there.',
    retry: 'after-fix',
  });
}

function uploadTime({ modifiedAtMs }: ObjectInfo, { host, tier }: LayoutMatch): NamedTime {
  return { fromMs: modifiedAtMs, spanMs: 0, host, tier };
}

/** What stands in the name of a folder between year, month and day: as many as a layout reads as {date}. */
const dateMarks: readonly string[] = ['-', '', '_', '.'];

async function findTree(search: {
  readonly source: Extract<Source, { kind: 'tree' }>;
  readonly store: StoreLooks;
  readonly timeMs: number;
}): Promise<Outcome<FoundFiles>> {
  const { source, store, timeMs } = search;
  const iso = new Date(timeMs).toISOString();
  const parts = new Map([
    ['date', iso.slice(0, 10)],
    ['hour', iso.slice(11, 13)],
    ['minute', iso.slice(14, 16)],
  ]);
  const unknown = [...source.prefix.matchAll(/\{([^}]*)\}/g)].find(([, name = '']) => !parts.has(name));
  if (unknown !== undefined) return fail(badLayout(source.prefix, `a prefix cannot hold ${unknown[0]}`));
  const isDated = source.prefix.includes('{date}');
  const fill = (mark: string) => {
    const filled = source.prefix.replace(/\{([^}]*)\}/g, (_, name: string) =>
      (parts.get(name) ?? '').replaceAll('-', mark),
    );
    return filled === '' || filled.endsWith('/') ? filled : `${filled}/`;
  };
  for (const prefix of (isDated ? dateMarks : ['-']).map(fill)) {
    const listed = await listAll(store, prefix);
    if (!listed.ok) return listed;
    if (listed.value.length === 0) continue;
    const newestMs = listed.value.reduce((newest, { modifiedAtMs }) => Math.max(newest, modifiedAtMs), 0);
    const undated = isDated ? {} : { undatedNewestMs: newestMs };
    return succeed({ kind: 'tree', prefix, objects: listed.value, namedTimeMs: timeMs, ...undated });
  }
  return fail({
    code: 'not-found',
    message: `There are no files below ${fill('-')} in ${store.address}${isDated ? ', however the day is written' : ''}.`,
    remedy: 'Choose a snapshot of the database that has its files, or correct the prefix in the runbook.',
    retry: 'after-fix',
  });
}

/**
 * What lies beside the dump and is not there stands in nobody's way: the database comes back without it. The step itself then fails, and
 * a person decides there. Every other failure says that something is wrong now, and can be mended before anything is stopped.
 */
export function missingBeside(
  failure: Failure,
  step: { readonly id?: string | undefined; readonly kind: string },
): Check {
  if (failure.code !== 'not-found') return failed(failure.message, failure.remedy);
  const id = stepId(step);
  return couldNotVerify(
    failure.message,
    `${failure.remedy} Nothing waits for it: the step asks then whether to go on without it (--answer ${id}.failure=skip:REASON).`,
  );
}

function plainAmongEncrypted(key: string) {
  return {
    code: 'not-verified',
    message: `${key} is not encrypted, and others of its kind in this store are: whoever can write there can have made it.`,
    remedy: 'Find out who made it. Choose a snapshot whose archive is encrypted, or go on without it.',
    retry: 'after-fix',
  } as const;
}

function badLayout(layout: string, fault: string) {
  return {
    code: 'runbook-invalid',
    message: `The place of the files ${layout} cannot be read: ${fault}`,
    remedy: 'Correct the step in the runbook.',
    retry: 'after-fix',
  } as const;
}
