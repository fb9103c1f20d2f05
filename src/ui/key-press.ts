import type { Key } from 'ink';

/** What came from the keyboard, in our words. */
export type KeyPress =
  | { readonly kind: 'key'; readonly name: string; readonly alone: boolean }
  | { readonly kind: 'text'; readonly text: string };

const controlLetters: Readonly<Record<string, string>> = {
  c: 'ctrl-c',
  l: 'ctrl-l',
  u: 'ctrl-u',
  w: 'ctrl-w',
  z: 'ctrl-z',
};

function namedKey(key: Key): string | undefined {
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  if (key.pageUp) return 'page-up';
  if (key.pageDown) return 'page-down';
  if (key.home) return 'home';
  if (key.end) return 'end';
  if (key.return) return 'enter';
  if (key.escape) return 'escape';
  if (key.tab) return 'tab';
  if (key.backspace || key.delete) return 'backspace';
  return undefined;
}

/**
 * One read from the terminal may carry several letters, typed fast or over a slow line. They come one by one; only a
 * letter that came alone may answer a question.
 */
export function readKeys(input: string, key: Key): readonly KeyPress[] {
  if (key.eventType === 'release') return [];
  const named = namedKey(key);
  if (named !== undefined) return [{ kind: 'key', name: named, alone: true }];
  if (key.ctrl) {
    const control = controlLetters[input];
    return control === undefined ? [] : [{ kind: 'key', name: control, alone: true }];
  }
  if (key.meta) return [];
  // A line end inside a burst is part of a paste into a terminal without paste marks: it must not press Enter.
  const letters = [...input.replace(/[\r\n][\s\S]*$/, '')].filter((letter) => letter >= ' ');
  const alone = letters.length === 1 && input.length === letters[0]?.length;
  return letters.map((letter) => ({ kind: 'key', name: letter, alone }));
}

export function isLetter(name: string): boolean {
  return [...name].length === 1;
}
