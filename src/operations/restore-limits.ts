import type { Failure } from '../base/failure.ts';
import { formatBytes, formatDuration } from '../base/units.ts';
import { readFact } from '../kinds/fact.ts';
import { authorFact, manifestFact } from '../kinds/facts.ts';
import type { StepContext } from '../kinds/kind.ts';
import type { ServerIdentity } from '../ports/database-server.ts';
import type { RestoreRequest } from '../ports/dump-tools.ts';
import type { ServerLooks } from '../ports/world.ts';
import { targetServer } from './open-targets.ts';

/** Of the free space at the beginning, this much stays free: the server needs it to go on serving others. */
const keepFree = 0.1;
const keepFreeAtMostBytes = 2e9;
/** Indexes and dead rows take their space; what is three times as large is another thing. */
const ofManifest = 3;
/** Rows that repeat themselves shrink to a fiftieth, and indexes come on top. */
const ofDump = 100;
const atLeastBytes = 1e9;

/**
 * A dump can fill a disk, or work without end: a small archive unpacks to any size inside of pg_restore, and a statement may switch its own
 * limits off. So the server is looked at from outside.
 */
export async function limitRestore(
  context: StepContext<'host' | 'databases'>,
  given: {
    readonly dumpBytes: number;
    readonly largestBytes: number | undefined;
    readonly longestMs: number;
  },
): Promise<NonNullable<RestoreRequest['watch']>> {
  const { host } = context.world;
  const { longestMs } = given;
  const startedMs = host.now();
  const largestBytes = given.largestBytes ?? expectedBytes(context, given.dumpBytes);
  const folder = await localFolder(context);
  const freeOf = async () => {
    const free = folder === undefined ? undefined : await host.freeBytes(folder);
    return free?.ok ? free.value : undefined;
  };
  const atBeginning = await freeOf();
  const floorBytes = Math.min((atBeginning ?? 0) * keepFree, keepFreeAtMostBytes);
  return async ({ sizeBytes }) => {
    const spentMs = host.now() - startedMs;
    if (spentMs > longestMs) return tooLong(spentMs);
    if (sizeBytes !== undefined && sizeBytes > largestBytes) return tooLarge(sizeBytes, largestBytes);
    const free = await freeOf();
    return free !== undefined && free < floorBytes ? noSpace(free, sizeBytes) : undefined;
  };
}

/** Whoever could write the manifest could write any size there, so it only counts for more where its author is proven. */
function expectedBytes(context: StepContext, dumpBytes: number): number {
  const known = readFact(manifestFact, context)?.database?.sizeBytes;
  const isProven = readFact(authorFact, context)?.kind === 'proven';
  const byManifest = known === undefined ? Number.POSITIVE_INFINITY : known * ofManifest;
  const byDump = known !== undefined && isProven ? Number.POSITIVE_INFINITY : dumpBytes * ofDump;
  return Math.max(Math.min(byManifest, byDump), atLeastBytes);
}

/** Where the server writes, as far as this host can see it. */
async function localFolder(context: StepContext<'host' | 'databases'>): Promise<string | undefined> {
  const { throwaway } = context.targets.target;
  if (throwaway !== undefined) return throwaway.folder;
  const server = targetServer(context);
  const identity = await server.identity();
  return identity.ok ? folderSeenHere(server, identity.value) : undefined;
}

/** The folder of a server on this host, where its user may read which that is. */
export function folderSeenHere(
  { address }: Pick<ServerLooks, 'address'>,
  { dataDirectory }: Pick<ServerIdentity, 'dataDirectory'>,
): string | undefined {
  return /^(127\.|localhost|\[::1\]|\/)/.test(address) ? dataDirectory : undefined;
}

const rest = 'What it made is dropped when you retry, or with `thaw discard`. ';

function tooLong(spentMs: number): Failure {
  return {
    code: 'stalled',
    message: `The restore goes on for ${formatDuration(spentMs)} and was ended: something in the dump may work without end.`,
    remedy: `${rest}Where the dump only is that large, say so in the runbook: longest, of the step restore-database.`,
    retry: 'after-fix',
  };
}

function tooLarge(sizeBytes: number, largestBytes: number): Failure {
  return {
    code: 'out-of-space',
    message: `The incoming database has grown to ${formatBytes(sizeBytes)}, and no more than ${formatBytes(largestBytes)} was expected: the restore was ended.`,
    remedy: `${rest}Where the dump only is that large, say so in the runbook: largest, of the step restore-database.`,
    retry: 'after-fix',
  };
}

function noSpace(freeBytes: number, sizeBytes: number | undefined): Failure {
  const size = sizeBytes === undefined ? '' : `; the incoming database has ${formatBytes(sizeBytes)}`;
  return {
    code: 'out-of-space',
    message: `Only ${formatBytes(freeBytes)} are free where the server writes${size}: the restore was ended before the disk is full.`,
    remedy: `${rest}Free some space on the database server first.`,
    retry: 'after-fix',
  };
}
