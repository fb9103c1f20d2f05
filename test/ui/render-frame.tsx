import { stripVTControlCharacters } from 'node:util';
import { renderToString } from 'ink';
import type { View } from '../../src/session/view.ts';
import { Frame } from '../../src/ui/frame.tsx';
import { withAsked } from '../../src/ui/react-to.ts';
import { ThemeContext } from '../../src/ui/rows.tsx';
import { firstState, type ScreenState, type Size, settleState } from '../../src/ui/screen-state.ts';
import { createTheme } from '../../src/ui/theme.ts';

/** One frame as text, without colours, as it stands on a terminal of that size. */
export function renderFrame(request: {
  readonly view: View;
  readonly state?: Partial<ScreenState>;
  readonly size?: Size;
  readonly ascii?: boolean;
}): string {
  const { view, size = { columns: 80, rows: 24 } } = request;
  const settled = settleState({ ...firstState, ...request.state }, view);
  const state = withAsked(settled, { armed: true, ...request.state?.asked });
  const frame = renderToString(
    <ThemeContext value={createTheme({ color: false, ascii: request.ascii ?? false })}>
      <Frame situation={{ state, view, size }} />
    </ThemeContext>,
    { columns: size.columns },
  );
  return stripVTControlCharacters(frame)
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
