import { cleanText } from '../base/clean-text.ts';
import { formatCount } from '../base/units.ts';
import type { OutputLine } from '../session/view.ts';
import { cutText } from './cells.ts';
import { type Row, span } from './row.ts';

/** The part of a step's output that is seen. */
type OutputWindow = {
  readonly shown: readonly OutputLine[];
  /** Lines left after the filter. */
  readonly total: number;
  /** Index of the first line shown, among those left. */
  readonly first: number;
  readonly following: boolean;
  readonly matches: number;
};

export type OutputRequest = {
  readonly output: readonly OutputLine[];
  readonly filter: string;
  readonly search: string;
  readonly heldAt?: OutputLine;
  readonly height: number;
};

const contains = (line: OutputLine, text: string) => line.text.toLowerCase().includes(text.toLowerCase());

function filterOutput(output: readonly OutputLine[], filter: string): readonly OutputLine[] {
  return filter === '' ? output : output.filter((line) => contains(line, filter));
}

/** Where a held line stands now: it may have slid out of the last 2,000, then the oldest one left takes its place. */
function indexOfHeld(output: readonly OutputLine[], heldAt: OutputLine): number {
  const same = output.indexOf(heldAt);
  if (same !== -1) return same;
  const later = output.findIndex((line) => line.atMs >= heldAt.atMs);
  return later === -1 ? Math.max(0, output.length - 1) : later;
}

export function windowOutput(request: OutputRequest): OutputWindow {
  const left = filterOutput(request.output, request.filter);
  const last = Math.max(0, left.length - request.height);
  const held = request.heldAt === undefined ? last : indexOfHeld(left, request.heldAt);
  const first = Math.min(held, last);
  return {
    shown: left.slice(first, first + Math.max(0, request.height)),
    total: left.length,
    first,
    following: request.heldAt === undefined,
    matches: request.search === '' ? 0 : left.filter((line) => contains(line, request.search)).length,
  };
}

/** The line at the top after moving by some rows; undefined means: at the end, so follow. */
export function moveHeld(request: OutputRequest & { readonly by: number }): OutputLine | undefined {
  const left = filterOutput(request.output, request.filter);
  const { first } = windowOutput(request);
  const last = Math.max(0, left.length - request.height);
  const next = Math.max(0, first + request.by);
  return next >= last ? undefined : left[next];
}

/** The line to show at the top so that the next match before or after is seen first. */
export function findMatch(
  request: OutputRequest & { readonly towards: 'start' | 'end' },
): OutputLine | undefined {
  const left = filterOutput(request.output, request.filter);
  const { first, following } = windowOutput(request);
  if (request.towards === 'end') return left.slice(first + 1).find((line) => contains(line, request.search));
  const before = following ? left : left.slice(0, first);
  return before.findLast((line) => contains(line, request.search));
}

/** 840 lines · following — or what is searched for, what is left out, and where one is. */
export function describeOutput(request: OutputRequest): string {
  const { output, filter, search } = request;
  const seen = windowOutput(request);
  const place = seen.following ? 'following' : `line ${formatCount(seen.first + 1)}, held`;
  const kept = output.length >= 2000 ? 'last 2,000 lines' : `${formatCount(output.length)} lines`;
  const left =
    filter === ''
      ? kept
      : `${formatCount(seen.total)} of ${formatCount(output.length)} with “${cleanText(filter)}”`;
  const found = `“${cleanText(search)}” in ${formatCount(seen.matches)}`;
  return [...(search === '' ? [] : [found]), ...(search === '' || filter !== '' ? [left] : []), place].join(
    ' · ',
  );
}

const clockWidth = 9;

/** 07:41:07 data for table public.documents */
export function outputRow(request: {
  readonly line: OutputLine;
  readonly width: number;
  readonly search: string;
}): Row {
  const clock = span(`${new Date(request.line.atMs).toISOString().slice(11, 19)} `, 'quiet');
  const text = cutText(request.line.text, request.width - clockWidth);
  const at = request.search === '' ? -1 : text.toLowerCase().indexOf(request.search.toLowerCase());
  if (at === -1) return [clock, span(text)];
  const end = at + request.search.length;
  return [clock, span(text.slice(0, at)), span(text.slice(at, end), 'match'), span(text.slice(end))];
}
