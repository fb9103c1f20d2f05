import type { FileHandle } from 'node:fs/promises';
import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { parseJson } from '../../base/parse-json.ts';
import { errorCode } from '../../base/thrown.ts';
import { replaceFile } from '../../platform/durable-files.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';

/** What is being fetched and how it is cut. Parts that were fetched under another plan are worth nothing. */
export type PartPlan = {
  readonly store: string;
  readonly key: string;
  readonly etag: string | null;
  readonly sizeBytes: number;
  /** Only where there is no tag to tell one object from the next. */
  readonly modifiedAtMs: number | null;
  readonly partBytes: number;
};

const mebibyte = 1024 * 1024;
const leastPartBytes = 8 * mebibyte;
/** Keeps the list short for the largest dumps; their parts grow instead. */
const mostParts = 10_000;

export function planParts(request: { readonly store: string; readonly object: ObjectInfo }): PartPlan {
  const { store, object } = request;
  const grownBytes = Math.ceil(object.sizeBytes / mostParts / mebibyte) * mebibyte;
  return {
    store,
    key: object.key,
    etag: object.etag ?? null,
    sizeBytes: object.sizeBytes,
    modifiedAtMs: object.etag === undefined ? object.modifiedAtMs : null,
    partBytes: Math.max(leastPartBytes, grownBytes),
  };
}

export function countParts(plan: PartPlan): number {
  return Math.ceil(plan.sizeBytes / plan.partBytes);
}

/** The bytes of one part, both ends inclusive. */
export function rangeOfPart(plan: PartPlan, index: number) {
  const firstByte = index * plan.partBytes;
  return { firstByte, lastByte: Math.min(firstByte + plan.partBytes, plan.sizeBytes) - 1 };
}

/** The parts that an earlier download of the same object has brought; none when the list is another's or unreadable. */
export async function readDoneParts(path: string, plan: PartPlan): Promise<readonly number[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  const kept = listSchema.safeParse(parseJson(text)).data;
  if (JSON.stringify(kept?.plan) !== JSON.stringify(plan)) return [];
  const isPart = (index: number) => index >= 0 && index < countParts(plan);
  return [...new Set(kept?.done.filter(isPart))];
}

const listSchema = z.object({ plan: z.unknown(), done: z.array(z.int()).catch([]) });

type PartList = {
  /** Returns once the part's bytes and then its mention are written. Parts that end together share the work. */
  markDone(index: number): Promise<void>;
};

export function keepPartList(request: {
  readonly path: string;
  readonly plan: PartPlan;
  readonly file: FileHandle;
  readonly done: readonly number[];
}): PartList {
  const { path, plan, file } = request;
  const done = [...request.done];
  let waiting: number[] = [];
  let saving: Promise<void> = Promise.resolve();

  const save = async () => {
    const batch = waiting;
    if (batch.length === 0) return;
    waiting = [];
    // The bytes first: a list that is ahead of its file would leave a hole nobody looks for.
    await file.datasync();
    done.push(...batch);
    const content = `${JSON.stringify({ plan, done: done.toSorted((a, b) => a - b) })}\n`;
    await replaceFile({ path, content, alone: true });
  };
  return {
    markDone: (index) => {
      waiting.push(index);
      const mine = saving.then(save);
      // One failed save is told to those who wait for it, and must not stop the later ones.
      saving = mine.catch(() => {});
      return mine;
    },
  };
}

export async function removePartList(path: string): Promise<void> {
  await rm(path, { force: true });
}
