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

/** Keys that arrive inside a burst of letters, where Ink does not name them. */
const controlBytes: Readonly<Record<string, string>> = {
  '\t': 'tab',
  '\r': 'enter',
  '\u0015': 'ctrl-u',
  '\u0017': 'ctrl-w',
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
  // What follows a line end is a paste into a terminal without paste marks: it presses nothing.
  const burst = [...input.replace(/(\r\n|[\r\n])[\s\S]*$/, '\r')];
  const alone = burst.length === 1;
  return burst.flatMap((letter): readonly KeyPress[] => {
    const name = letter >= ' ' ? letter : controlBytes[letter];
    return name === undefined ? [] : [{ kind: 'key', name, alone }];
  });
}

export function isLetter(name: string): boolean {
  return [...name].length === 1;
}
