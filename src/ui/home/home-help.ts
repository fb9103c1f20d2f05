/** The keys and words of the first page, for its help and for the reference. */
export const homeHelp: readonly (readonly [string, string])[] = [
  ['↑↓ PgUp PgDn', 'Move the mark; Home and End go to the first and the last row. j and k do as well.'],
  [
    'enter',
    'Opens a row: what can be done with it and what that may touch. A past run opens at once, to read.',
  ],
  ['/', 'Shows only the rows that contain a text, examples as well; esc shows all again.'],
  ['esc', 'Goes one step back. Nothing happens by it, ever.'],
  ['q', 'Leaves. Nothing runs from this page. Ctrl+C does the same.'],
  ['^L', 'Draws the whole screen again.'],
  ['LIVE', 'Restores production. Nothing is touched before its checks have passed and you have said yes.'],
  ['DRILL', 'The same walk on throwaway targets, which are removed when it ends.'],
  ['TABLETOP', 'Touches nothing: the steps are talked through and the decisions are written down.'],
];
