import type { OutputLine } from '../session/view.ts';

type NewOutput = {
  readonly lines: readonly OutputLine[];
  /** Nothing of the window before is left: lines may have come and gone between two looks. */
  readonly gap: boolean;
};

const sameLine = (one: OutputLine | undefined, other: OutputLine | undefined) =>
  one === other || (one !== undefined && one.atMs === other?.atMs && one.text === other.text);

/** Whether the end of `before`, from `start` on, is the beginning of `after`. */
function continues(request: {
  readonly before: readonly OutputLine[];
  readonly after: readonly OutputLine[];
  readonly start: number;
}): boolean {
  const { before, after, start } = request;
  for (let index = start; index < before.length; index += 1) {
    if (!sameLine(before[index], after[index - start])) return false;
  }
  return before.length - start <= after.length;
}

/**
 * What came since the last look, though the window of the last 2,000 lines slides. The last line seen is found again
 * by identity; where lines were rebuilt, by the longest overlap of equal lines.
 */
export function newOutput(before: readonly OutputLine[], after: readonly OutputLine[]): NewOutput {
  const last = before.at(-1);
  if (last === undefined) return { lines: after, gap: false };
  const same = after.lastIndexOf(last);
  if (same !== -1) return { lines: after.slice(same + 1), gap: false };
  for (let start = 0; start < before.length; start += 1) {
    if (continues({ before, after, start })) return { lines: after.slice(before.length - start), gap: false };
  }
  return { lines: after, gap: after.length > 0 };
}
