import { createContext, useContext } from 'react';
import { createTheme, type Theme } from './theme.ts';

export const ThemeContext = createContext<Theme>(createTheme({ color: true, ascii: false }));

export function useTheme(): Theme {
  return useContext(ThemeContext);
}
