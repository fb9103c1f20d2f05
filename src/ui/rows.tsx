import { Box, Text } from 'ink';
import { createContext, type ReactElement, useContext } from 'react';
import { cutRow, type Row } from './row.ts';
import { createTheme, type Theme } from './theme.ts';

export const ThemeContext = createContext<Theme>(createTheme({ color: true, ascii: false }));

export function useTheme(): Theme {
  return useContext(ThemeContext);
}

/** One row, cut to its width a last time: whatever a text contains, it never wraps into the row below. */
export function OneRow({ row, width }: { readonly row: Row; readonly width: number }): ReactElement {
  const theme = useTheme();
  const spans = cutRow(row, width).filter((piece) => piece.text !== '');
  return (
    <Text wrap="truncate-end">
      {spans.length === 0
        ? ' '
        : spans.map((piece, index) => (
            <Text key={index} {...theme.style(piece.tone)}>
              {theme.print(piece.text)}
            </Text>
          ))}
    </Text>
  );
}

/** A pane of exactly this size: longer lists are cut, shorter ones leave blank rows. */
export function Rows(props: {
  readonly rows: readonly Row[];
  readonly width: number;
  readonly height: number;
}): ReactElement {
  const { rows, width, height } = props;
  return (
    <Box flexDirection="column" flexShrink={0} width={width} height={height} overflow="hidden">
      {rows.slice(0, height).map((row, index) => (
        <OneRow key={index} row={row} width={width} />
      ))}
    </Box>
  );
}
