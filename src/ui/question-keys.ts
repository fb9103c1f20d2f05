import type { Question } from '../ports/operator.ts';
import type { KeyBinding } from './key-binding.ts';
import type { Situation } from './screen-state.ts';
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
} from './shared-keys.ts';

const toSteps: KeyBinding = {
  shown: 'tab',
  name: 'steps',
  does: 'Looks at the steps; the question waits.',
  on: { tab: 'to-steps' },
};

const around: readonly KeyBinding[] = [
  toSteps,
  { ...shell, helpOnly: true },
  { ...commandLog, helpOnly: true },
  helping,
  leaving,
  ...everywhere,
];

/** Where n does not mean no, it writes a note. */
const noteToo: KeyBinding = { ...noting, helpOnly: true };

const list: readonly KeyBinding[] = [
  {
    shown: '↑↓',
    name: 'move',
    does: 'Moves between the choices.',
    on: { up: 'previous-row', down: 'next-row', k: 'previous-row', j: 'next-row' },
  },
  {
    shown: 'enter',
    name: 'choose',
    does: 'Takes the marked choice.',
    on: { enter: 'take-choice' },
    answers: true,
  },
  paging,
];

function verbOf({ state, view }: Situation): string {
  const question = view.question;
  if (question?.kind === 'type-name' && question.instead?.value === state.asked?.typed)
    return question.instead?.value ?? question.verb;
  return question?.kind === 'type-name' || question?.kind === 'confirm' ? question.verb : 'go on';
}

function nameDiffers({ state, view }: Situation): string | undefined {
  if (view.question?.kind !== 'type-name') return undefined;
  const { name, instead } = view.question;
  const typed = state.asked?.typed;
  return typed === name || (instead !== undefined && typed === instead.value)
    ? undefined
    : 'the name does not match';
}

/** Keys that answer count only alone, and only once the question has been seen. */
export const questionKeys: Readonly<Record<Question['kind'], readonly KeyBinding[]>> = {
  choose: [...list, noteToo, ...around],
  failure: [
    ...list,
    openOutput,
    shell,
    toSteps,
    noteToo,
    { ...commandLog, helpOnly: true },
    helping,
    leaving,
    ...everywhere,
  ],
  'choose-row': [
    {
      ...scrolling,
      shown: '↑↓',
      name: 'move',
      does: 'Moves between the rows; PgUp, PgDn, Home and End go further.',
    },
    {
      shown: 'enter',
      name: 'choose',
      does: 'Takes the marked row.',
      on: { enter: 'take-choice' },
      answers: true,
    },
    {
      shown: '/',
      name: 'filter',
      does: 'Shows only the rows that contain a text.',
      on: { '/': 'filter-rows' },
    },
    noteToo,
    ...around,
  ],
  'type-name': [
    {
      shown: 'enter',
      name: verbOf,
      does: 'Goes on, when the name matches exactly.',
      on: { enter: 'confirm-name' },
      answers: true,
      unless: nameDiffers,
    },
    {
      shown: 'esc',
      name: 'back, nothing happens',
      does: 'Answers no.',
      on: { escape: 'decline' },
      answers: true,
    },
    paging,
    toSteps,
    leavingByInterrupt,
  ],
  confirm: [
    { shown: 'y', name: verbOf, does: 'Says yes.', on: { y: 'say-yes' }, answers: true },
    { shown: 'n', name: 'no', does: 'Says no; nothing happens.', on: { n: 'say-no' }, answers: true },
    paging,
    ...around,
  ],
  attest: [
    {
      shown: 'p',
      name: 'passed',
      does: 'It is as it should be; a note may be added.',
      on: { p: 'attest-passed' },
      answers: true,
    },
    {
      shown: 'f',
      name: 'failed',
      does: 'It is not as it should be; asks what was seen.',
      on: { f: 'attest-failed' },
      answers: true,
    },
    {
      shown: 's',
      name: 'skipped',
      does: 'Nobody looked; asks why.',
      on: { s: 'attest-skipped' },
      answers: true,
    },
    paging,
    noteToo,
    ...around,
  ],
};
