import type { HealthFacts } from '../backups/health.ts';
import { findWalGap, readWalName } from '../backups/wal-archive.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { backupStore, listAll } from '../operations/open-targets.ts';
import type { HealthRequest } from './health-request.ts';

/** From the newest base backup on no segment may be missing; without a note of one, from the oldest segment on. */
export async function lookAtWalArchive(
  request: Pick<HealthRequest, 'world' | 'targets' | 'walArchive' | 'signal'>,
): Promise<Outcome<HealthFacts['walArchive']>> {
  const { walArchive } = request;
  if (walArchive === undefined) return succeed(undefined);
  const listed = await listAll(backupStore(request), walArchive.prefix, request.signal);
  if (!listed.ok) return listed;
  const files = listed.value.flatMap((object) => {
    const file = readWalName(object.key);
    return file === undefined ? [] : [{ file, modifiedAtMs: object.modifiedAtMs }];
  });
  const segments = files.flatMap(({ file }) => (file.kind === 'segment' ? [file] : []));
  const notes = files.flatMap(({ file }) => (file.kind === 'backup-note' ? [file.segment] : []));
  const names = segments.map(({ name }) => name);
  const from = newest(notes) ?? names.sort()[0];
  const gap =
    from === undefined ? undefined : findWalGap({ segments, from, segmentBytes: walArchive.segmentBytes });
  const times = files.flatMap(({ file, modifiedAtMs }) => (file.kind === 'segment' ? [modifiedAtMs] : []));
  return succeed({
    newestAtMs: times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b)),
    missing: gap?.missing,
    after: gap?.after,
  });
}

function newest(names: readonly string[]): string | undefined {
  return [...names].sort().at(-1);
}
