import { layersOf } from './wrapping.ts';

/**
 * The write-ahead log of a PostgreSQL cluster as an archive holds it: segments, histories of timelines, and the notes that
 * base backups leave. Names and rules: PostgreSQL documentation, "Continuous Archiving and Point-in-Time Recovery".
 */
export type WalFile =
  | { readonly kind: 'segment'; readonly name: string; readonly timeline: number; readonly position: bigint }
  | { readonly kind: 'history'; readonly name: string; readonly timeline: number }
  | { readonly kind: 'backup-note'; readonly name: string; readonly segment: string };

/** undefined for what is no file of an archive: a `.partial` segment, a note of somebody's own. */
export function readWalName(key: string): WalFile | undefined {
  const base = key.slice(key.lastIndexOf('/') + 1);
  const name = unwrapped(base);
  const segment = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(name);
  if (segment !== null) {
    const [, timeline = '', log = '', part = ''] = segment;
    // How many parts a log has depends on the size of a segment; as one number they still stand in order.
    const position = (BigInt(`0x${log}`) << 32n) | BigInt(`0x${part}`);
    return { kind: 'segment', name, timeline: Number.parseInt(timeline, 16), position };
  }
  const history = /^([0-9A-F]{8})\.history$/.exec(name);
  if (history !== null) return { kind: 'history', name, timeline: Number.parseInt(history[1] ?? '', 16) };
  const note = /^([0-9A-F]{24})\.[0-9A-F]{8}\.backup$/.exec(name);
  return note === null ? undefined : { kind: 'backup-note', name, segment: note[1] ?? '' };
}

function unwrapped(name: string): string {
  return layersOf(name).length === 0 ? name : unwrapped(name.slice(0, name.lastIndexOf('.')));
}

/** A gap: recovery ends before it, however much there is behind it. */
type WalGap = { readonly after: string; readonly missing: string };

/**
 * The first segment that is lacking between `from` and the newest one. A segment counts as there when any timeline has it:
 * which one is wanted, PostgreSQL decides from the histories.
 */
export function findWalGap(request: {
  readonly segments: readonly Extract<WalFile, { kind: 'segment' }>[];
  /** The segment the base backup begins in. */
  readonly from: string;
  readonly segmentBytes: number;
}): WalGap | undefined {
  const perLog = 0x1_0000_0000 / request.segmentBytes;
  const number = (position: bigint) => Number(position >> 32n) * perLog + Number(position & 0xffff_ffffn);
  const start = readWalName(request.from);
  if (start?.kind !== 'segment') return undefined;
  const there = new Map(request.segments.map((segment) => [number(segment.position), segment.name]));
  const last = Math.max(...there.keys(), number(start.position));
  let before = request.from;
  for (let at = number(start.position); at <= last; at += 1) {
    const found = there.get(at);
    if (found === undefined) return { after: before, missing: segmentName({ at, perLog, like: before }) };
    before = found;
  }
  return undefined;
}

function segmentName(segment: {
  readonly at: number;
  readonly perLog: number;
  readonly like: string;
}): string {
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, '0');
  const { at, perLog, like } = segment;
  return `${like.slice(0, 8)}${hex(Math.floor(at / perLog))}${hex(at % perLog)}`;
}

/** Where a timeline left its parent: one line a fork, the last line is the newest. */
type TimelineFork = { readonly parent: number; readonly at: string; readonly reason: string };

export function readTimelineHistory(text: string): readonly TimelineFork[] {
  return text.split('\n').flatMap((line) => {
    const [parent, at, ...reason] = line.trim().split('\t');
    if (parent === undefined || at === undefined || !/^\d+$/.test(parent)) return [];
    return [{ parent: Number(parent), at, reason: reason.join(' ') }];
  });
}

/** What the first page of a segment says about the cluster that wrote it. */
type WalHeader = {
  /** Of PostgreSQL; undefined for a version newer than this list. */
  readonly major: number | undefined;
  readonly systemIdentifier: string;
  readonly segmentBytes: number;
};

export const walHeaderBytes = 40;

/** XLOG_PAGE_MAGIC in access/xlog_internal.h, one a major version. */
const majorOfMagic: Readonly<Record<number, number>> = {
  53505: 12,
  53510: 13,
  53517: 14,
  53520: 15,
  53523: 16,
  53526: 17,
  53528: 18,
};

const hasLongHeader = 0x0002;

/** undefined when the bytes are no segment's beginning. Little-endian, as on every machine PostgreSQL is packaged for. */
export function readWalHeader(head: Buffer): WalHeader | undefined {
  if (head.length < walHeaderBytes) return undefined;
  const [magic, info] = [head.readUInt16LE(0), head.readUInt16LE(2)];
  if (magic >> 8 !== 0xd1 || (info & hasLongHeader) === 0) return undefined;
  return {
    major: majorOfMagic[magic],
    systemIdentifier: head.readBigUInt64LE(24).toString(),
    segmentBytes: head.readUInt32LE(32),
  };
}
