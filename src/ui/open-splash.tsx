import { Box, useWindowSize } from 'ink';
import type { ReactElement } from 'react';
import type { Mode } from '../base/mode.ts';
import type { Terminal } from './lend-terminal.ts';
import { mountApp, type ScreenOptions } from './mount-app.tsx';
import { blankRow, type Row, ruleRow, span } from './row.ts';
import { Rows } from './rows.tsx';
import { modeSigns } from './theme.ts';

export type Splash = {
  /** Gives the terminal back, before anything else is shown or printed. May be called again. */
  lift(): Promise<void>;
};

type Said = { readonly mode: Mode | undefined; readonly title: string; readonly words: string };

/**
 * The first frame, while the drivers of databases and stores are still being loaded: somebody who pressed Enter sees at
 * once that it began, and in which mode. Nothing runs behind it, so Ctrl+C simply ends the program.
 */
export function openSplash(
  said: Said,
  terminal: { readonly streams: Terminal; readonly options: ScreenOptions },
): Splash {
  const lifted = Promise.withResolvers<void>();
  const closed = mountApp({
    ...terminal,
    render: () => <SplashFrame said={said} />,
    until: lifted.promise,
  });
  return {
    async lift() {
      lifted.resolve();
      await closed;
    },
  };
}

function SplashFrame({ said }: { readonly said: Said }): ReactElement {
  const size = useWindowSize();
  const width = size.columns;
  const height = Math.max(1, size.rows - 1);
  const sign = said.mode === undefined ? undefined : modeSigns[said.mode];
  const title: Row = [
    ...(sign === undefined ? [] : [span(` ${sign.word} `, sign.badge)]),
    span(` ${said.title}`, 'strong'),
  ];
  const rows = [
    title,
    blankRow,
    ruleRow({ width, tone: sign?.tone ?? 'line' }),
    [span(` ${said.words}`, 'quiet')],
  ];
  return (
    <Box flexDirection="column" width={width} height={height} overflow="hidden">
      <Rows rows={rows} width={width} height={height} />
    </Box>
  );
}
