import { stripVTControlCharacters } from 'node:util';
import { renderToString } from 'ink';
import type { ReactElement } from 'react';
import { ThemeContext } from '../../src/ui/rows.tsx';
import { createTheme } from '../../src/ui/theme.ts';

/** Any picture as text, without colours, as it stands on a terminal of that width. */
export function renderElement(element: ReactElement, columns: number): string {
  const frame = renderToString(
    <ThemeContext value={createTheme({ color: false, ascii: false })}>{element}</ThemeContext>,
    { columns },
  );
  return stripVTControlCharacters(frame)
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
