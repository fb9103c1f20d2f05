import type { KeyBinding } from './key-binding.ts';
import { questionKeys } from './question-keys.ts';
import {
  commandLog,
  everywhere,
  helping,
  leaving,
  leavingByInterrupt,
  noting,
  openOutput,
  paging,
  scrolling,
  shell,
  toQuestion,
  withoutOutput,
} from './shared-keys.ts';
import type { Where } from './where-now.ts';

const walk: readonly KeyBinding[] = [
  {
    shown: '↑↓',
    name: 'step',
    does: 'Looks at another step; f comes back to the step in hand.',
    on: { up: 'previous-step', down: 'next-step', k: 'previous-step', j: 'next-step' },
  },
  paging,
  {
    shown: 'enter',
    name: 'whole step',
    does: 'Shows everything about this step on the whole screen.',
    on: { enter: 'whole-step' },
    helpOnly: true,
  },
  {
    shown: '/',
    name: 'search',
    does: 'Searches the output; [ and ] go to the match before and after.',
    on: { '/': 'search' },
    unless: withoutOutput,
  },
  {
    shown: '[ ]',
    name: 'match',
    does: 'Goes to the match before and after.',
    on: { '[': 'previous-match', ']': 'next-match' },
    helpOnly: true,
    unless: ({ state }) => (state.search === '' ? 'nothing is searched for' : undefined),
  },
  {
    shown: '&',
    name: 'filter',
    does: 'Shows only the output lines that contain a text.',
    on: { '&': 'filter' },
    helpOnly: true,
    unless: withoutOutput,
  },
  {
    shown: 'f',
    name: 'follow',
    does: 'Comes back to the step in hand and follows its output.',
    on: { f: 'follow' },
    unless: ({ state }) =>
      state.selectedId === undefined && state.heldAt === undefined ? 'already following' : undefined,
  },
  {
    shown: 'esc',
    name: 'clear',
    does: 'Clears the search and the filter; nothing else happens.',
    on: { escape: 'clear' },
    helpOnly: true,
    unless: ({ state }) => (state.search === '' && state.filter === '' ? 'nothing to clear' : undefined),
  },
  openOutput,
  { ...shell, helpOnly: true },
  noting,
  commandLog,
];

/** Looking at a run changes nothing in it, so leaving needs no question. */
const reading: readonly KeyBinding[] = [
  ...walk.filter((key) => key !== noting),
  {
    shown: 'r',
    name: 'result',
    does: 'Shows the result, the notes and the answers that were given.',
    on: { r: 'result' },
  },
  helping,
  {
    shown: 'q',
    name: 'back',
    does: 'Goes back; the run stays as it is.',
    on: { q: 'leave', 'ctrl-c': 'leave' },
  },
  ...everywhere,
];

/**
 * Every key of the program: where it works, what it is called, and why it does nothing right now. The footer, the
 * help and what happens on a key all come from this table.
 */
export const keymap: Readonly<Record<Where, readonly KeyBinding[]>> = {
  'too-small': [leaving],
  walk: [toQuestion, ...walk, helping, leaving, ...everywhere],
  reading,
  preflight: [toQuestion, scrolling, noting, commandLog, shell, helping, leaving, ...everywhere],
  overlay: [
    scrolling,
    {
      shown: 'esc',
      name: 'back',
      does: 'Goes back.',
      on: { escape: 'close', q: 'close', enter: 'close', '?': 'close', '@': 'close' },
    },
    { ...leavingByInterrupt, helpOnly: true },
    ...everywhere,
  ],
  entry: [
    { shown: 'enter', name: 'send', does: 'Takes what is typed.', on: { enter: 'send-entry' } },
    { shown: 'esc', name: 'back', does: 'Goes back; nothing happens.', on: { escape: 'cancel-entry' } },
    { ...leavingByInterrupt, helpOnly: true },
  ],
  leave: [
    {
      shown: 'y',
      name: 'leave the screen',
      does: 'Closes the screen; the run goes on.',
      on: { y: 'leave' },
      alone: true,
    },
    {
      shown: '^C',
      name: 'stop the run',
      does: 'Stops the run at the next safe point; it can be resumed. s does the same.',
      on: { s: 'stop', 'ctrl-c': 'stop' },
      alone: true,
    },
    {
      shown: 'esc',
      name: 'stay',
      does: 'Stays; nothing happens.',
      on: { escape: 'close', n: 'close', q: 'close' },
    },
  ],
  finished: [],
  ...questionKeys,
};
