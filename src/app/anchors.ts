import { Readable } from 'node:stream';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { World } from '../ports/world.ts';
import type { ReadyRunbook } from './load-runbook.ts';

/** Where the heads of the journals are kept a second time: below a prefix of the backup store. */
export type AnchorPlace = {
  readonly store: Pick<ObjectStore, 'address' | 'list' | 'read' | 'write'>;
  readonly prefix: string;
};

/**
 * The head of a record, put into the backup store: out of reach of whoever holds this host alone. Each end of a run makes a new object
 * and none is ever written over, so a bucket with object lock keeps them all.
 */
export type Anchor = { readonly runId: string; readonly entries: number; readonly head: string };

export async function anchorHead(place: AnchorPlace, anchor: Anchor): Promise<Outcome<string>> {
  const { runId, entries, head } = anchor;
  const key = `${place.prefix}${runId}/${String(entries).padStart(8, '0')}.json`;
  const body = Buffer.from(`${JSON.stringify({ runId, entries, head })}\n`);
  const written = await place.store.write({
    key,
    body: Readable.from([body]),
    sizeBytes: body.length,
    attributes: { contentType: 'application/json', metadata: {} },
  });
  return written.ok ? succeed(key) : written;
}

/** Oldest first, as they were written. */
export async function readAnchors(place: AnchorPlace, runId: string): Promise<Outcome<readonly Anchor[]>> {
  const anchors: Anchor[] = [];
  for await (const page of place.store.list({ prefix: `${place.prefix}${runId}/` })) {
    if (!page.ok) return page;
    for (const { key } of page.value) {
      const object = await place.store.read({ key });
      if (!object.ok) return object;
      const anchor = parseAnchor(await readBeginning(object.value.body));
      if (anchor?.runId !== runId) return fail(unreadable(key, place.store.address));
      anchors.push(anchor);
    }
  }
  return succeed(anchors.sort((a, b) => a.entries - b.entries));
}

/** An anchor is a line. What goes on and on is none, and is not read to its end. */
async function readBeginning(body: Readable): Promise<string> {
  let text = '';
  for await (const chunk of body) {
    text += String(chunk);
    if (text.length > 4096) break;
  }
  return text;
}

function parseAnchor(text: string): Anchor | undefined {
  const [, runId, entries, head] =
    /^\{"runId":"([^"\\]+)","entries":(\d+),"head":"([0-9a-f]{64})"\}\n$/.exec(text) ?? [];
  if (runId === undefined || head === undefined) return undefined;
  return { runId, entries: Number(entries), head };
}

function unreadable(key: string, address: string) {
  return {
    code: 'journal-damaged' as const,
    message: `The anchor ${key} in ${address} is not as it was written.`,
    remedy: 'Look at older versions of that object, and at who may write there.',
    retry: 'never' as const,
  };
}

/** Where the runbook has heads anchored. A tabletop contacts nothing, so its head stays on this host. */
export function anchorPlace(run: {
  readonly mode: Mode;
  readonly ready: ReadyRunbook;
  readonly world: World;
}): { readonly anchor?: AnchorPlace } {
  const { mode, ready, world } = run;
  const prefix = ready.filled.records?.anchor;
  if (prefix === undefined || mode === 'tabletop') return {};
  return { anchor: { store: world.openStore(ready.targets.backups.store), prefix } };
}
