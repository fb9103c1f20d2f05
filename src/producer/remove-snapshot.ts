import { Readable } from 'node:stream';
import { artifactKey } from '../backups/artifact-keys.ts';
import type { Removal, RemovalItem } from '../backups/prune-plan.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { Guard } from '../ports/guard.ts';
import type { ObjectStore } from '../ports/object-store.ts';

type RetentionGuard = Pick<Guard, 'removeObject'>;

type Request = {
  readonly store: ObjectStore;
  readonly guard: RetentionGuard;
  readonly removal: Removal;
  /** Dumps that are gone; this one is added. */
  readonly gone: Set<string>;
  readonly nowMs: number;
  readonly signal: AbortSignal;
};

/**
 * One snapshot with all that belongs to it, in the order of the plan. Where files elsewhere belong to it, a mark is written
 * first: a removal that is cut off behind the dump is finished by the next one.
 */
export async function removeSnapshot(request: Request): Promise<Outcome<'hidden' | undefined>> {
  const { store, guard, removal, gone, nowMs, signal } = request;
  const mark = artifactKey(removal.key, 'removing');
  const marked = removal.items.some(({ key }) => key === mark);
  const writesMark = removal.needsMark && removal.snapshot !== undefined && !marked;
  if (writesMark) {
    const written = await writeMark(store, { mark, nowMs });
    if (!written.ok) return fail(unmarked(removal.key, written.failure));
  }
  if (!removal.items.some(({ role }) => role === 'dump')) gone.add(removal.key);
  let how: 'hidden' | undefined;
  for (const item of [...removal.items, ...(writesMark ? [markItem(mark)] : [])]) {
    // Whose other dump was not let go: it goes with that one.
    if (!item.owners.every((owner) => gone.has(owner))) continue;
    if (signal.aborted) return fail(interrupted(removal.key));
    const removed = await removeItem({ store, guard }, item);
    if (!removed.ok) {
      // The dump is there, so nobody has to be told whose its files were.
      if (writesMark && !gone.has(removal.key)) await removeKey({ store, guard }, mark);
      return removed;
    }
    if (item.role === 'dump') gone.add(removal.key);
    how ??= removed.value;
  }
  return succeed(how);
}

function markItem(key: string): RemovalItem {
  return { role: 'removing', key, files: 1, sizeBytes: 0, owners: [] };
}

async function writeMark(
  store: ObjectStore,
  { mark, nowMs }: { readonly mark: string; readonly nowMs: number },
): Promise<Outcome<unknown>> {
  const body = Buffer.from(
    `${JSON.stringify({ thawRemoving: 1, since: new Date(nowMs).toISOString() }, null, 2)}\n`,
  );
  return store.write({
    key: mark,
    body: Readable.from([body]),
    sizeBytes: body.length,
    attributes: { contentType: 'application/json', metadata: {} },
  });
}

async function removeItem(
  from: Pick<Request, 'store' | 'guard'>,
  item: RemovalItem,
): Promise<Outcome<'hidden' | undefined>> {
  const { store } = from;
  const { role, key } = item;
  if (role === 'tree') {
    const permit = from.guard.removeObject(key);
    const removed = permit.ok ? await store.removeFolder(permit.value) : permit;
    if (!removed.ok) return removed;
    for await (const page of store.list({ prefix: key, sizesOnly: true })) {
      if (!page.ok) return page;
      const [first] = page.value;
      return first === undefined ? removed : fail(locked(first.key, store));
    }
    return removed;
  }
  const removed = await removeKey(from, key);
  if (!removed.ok || (role !== 'dump' && role !== 'archive')) return removed;
  // A store may say yes and keep the object: only looking tells.
  const still = await store.describe(key);
  if (!still.ok) return still;
  return still.value === undefined ? removed : fail(locked(key, store));
}

function locked(key: string, store: ObjectStore): Failure {
  return {
    code: 'denied',
    message: `${store.address} says that it removed ${key}, and still has it.`,
    remedy: 'Look for object lock, a legal hold, or a rule that brings objects back.',
    retry: 'after-fix',
  };
}

function unmarked(key: string, failure: Failure): Failure {
  return {
    ...failure,
    message: `${key} has files elsewhere, and the mark that would say so when it is gone cannot be written: ${failure.message}`,
    remedy: 'Prune with a key that may write and remove.',
  };
}

function interrupted(key: string): Failure {
  return {
    code: 'cancelled',
    message: `The removal of ${key} was stopped half-way.`,
    remedy: 'Run `thaw prune` again; it goes on where it stopped.',
    retry: 'safe',
  };
}

/** One object, where the plan of retention lets it go. */
export async function removeKey(
  { store, guard }: Pick<Request, 'store' | 'guard'>,
  key: string,
): Promise<Outcome<'hidden' | undefined>> {
  const permit = guard.removeObject(key);
  return permit.ok ? store.remove(permit.value) : permit;
}
