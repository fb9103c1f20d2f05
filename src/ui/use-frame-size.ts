import { useWindowSize } from 'ink';
import type { Size } from './screen-state.ts';

/** On the primary screen a tall frame leaves copies of itself behind when the window changes. */
const inlineRows = 18;

/** How much room a frame has; it follows the window. */
export function useFrameSize(inline: boolean): Size {
  const { columns, rows } = useWindowSize();
  return { columns, rows: inline ? Math.min(rows, inlineRows) : rows };
}
