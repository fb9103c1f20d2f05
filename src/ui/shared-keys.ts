import type { Command, KeyBinding } from './key-binding.ts';
import { type Situation, shownStepId } from './screen-state.ts';

/** Keys that mean the same in several places. */
export function withoutOutput({ state, view }: Situation): string | undefined {
  const id = shownStepId(state, view);
  const printed = id === undefined ? 0 : (view.details[id]?.output.length ?? 0);
  return printed === 0 ? 'no output yet' : undefined;
}

export const leaving: KeyBinding = {
  shown: 'q',
  name: 'leave',
  does: 'Asks before it leaves, and says what keeps running. Ctrl+C does the same.',
  on: { q: 'ask-to-leave', 'ctrl-c': 'ask-to-leave' },
};

/** Where letters are typed, q is a letter. */
export const leavingByInterrupt: KeyBinding = {
  ...leaving,
  shown: '^C',
  does: 'Asks before it leaves, and says what keeps running.',
  on: { 'ctrl-c': 'ask-to-leave' },
};

export const helping: KeyBinding = {
  shown: '?',
  name: 'help',
  does: 'Shows the keys that work where you are.',
  on: { '?': 'help' },
};

const pages: Readonly<Record<string, Command>> = {
  'page-up': 'page-up',
  'page-down': 'page-down',
  home: 'to-start',
  end: 'to-end',
};

export const paging: KeyBinding = {
  shown: 'PgUp PgDn',
  name: 'scroll',
  does: 'Scrolls; Home and End go to the beginning and the end.',
  on: pages,
  helpOnly: true,
};

/** In a list or on a page, where the arrows are free for scrolling too. */
export const scrolling: KeyBinding = {
  shown: '↑↓ PgUp PgDn',
  name: 'scroll',
  does: 'Scrolls; Home and End go to the beginning and the end.',
  on: { ...pages, up: 'previous-row', down: 'next-row', k: 'previous-row', j: 'next-row' },
};

export const everywhere: readonly KeyBinding[] = [
  {
    shown: '^L',
    name: 'repaint',
    does: 'Draws the whole screen again.',
    on: { 'ctrl-l': 'repaint' },
    helpOnly: true,
  },
  {
    shown: '^Z',
    name: 'suspend',
    does: 'Would put the program to sleep.',
    on: { 'ctrl-z': 'suspend' },
    helpOnly: true,
    unless: () => 'it would freeze the run; ! opens a shell beside it',
  },
];

export const openOutput: KeyBinding = {
  shown: 'l',
  name: 'log',
  does: 'Opens the whole output file of this step in $PAGER.',
  on: { l: 'open-output' },
  unless: withoutOutput,
};

export const shell: KeyBinding = {
  shown: '!',
  name: 'shell',
  does: 'Opens a shell of your own to mend something; exit comes back, and the question still waits.',
  on: { '!': 'open-shell' },
  alone: true,
};

export const toQuestion: KeyBinding = {
  shown: 'tab',
  name: 'answer the question',
  does: 'Goes back to the question that waits.',
  on: { tab: 'to-question' },
  helpOnly: ({ view }) => view.question === undefined,
  unless: ({ view }) => (view.question === undefined ? 'nothing is asked' : undefined),
};

export const noting: KeyBinding = {
  shown: 'n',
  name: 'note',
  does: 'Writes a note into the record, with the time.',
  on: { n: 'note' },
};

export const commandLog: KeyBinding = {
  shown: '@',
  name: 'commands',
  does: 'Shows every command of every step, exactly as it runs.',
  on: { '@': 'commands' },
};
