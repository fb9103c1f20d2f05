import { cleanText } from '../base/clean-text.ts';
import type { View } from '../session/view.ts';

/** Leaves the summary in the scrollback: what the alternate screen showed is gone when it closes. */
export function printSummary(view: View, write: (text: string) => void): void {
  if (view.summary.length > 0) write(`${view.summary.map(cleanText).join('\n')}\n`);
}
