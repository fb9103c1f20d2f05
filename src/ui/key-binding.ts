import type { Situation } from './screen-state.ts';

/** What a key asks for; press-key.ts carries it out. */
export type Command =
  | 'previous-step'
  | 'next-step'
  | 'page-up'
  | 'page-down'
  | 'to-start'
  | 'to-end'
  | 'follow'
  | 'search'
  | 'filter'
  | 'previous-match'
  | 'next-match'
  | 'clear'
  | 'whole-step'
  | 'open-output'
  | 'open-shell'
  | 'note'
  | 'commands'
  | 'help'
  | 'result'
  | 'to-question'
  | 'to-steps'
  | 'ask-to-leave'
  | 'leave'
  | 'stop'
  | 'close'
  | 'repaint'
  | 'suspend'
  | 'send-entry'
  | 'cancel-entry'
  | 'previous-row'
  | 'next-row'
  | 'filter-rows'
  | 'take-choice'
  | 'confirm-name'
  | 'decline'
  | 'say-yes'
  | 'say-no'
  | 'attest-passed'
  | 'attest-failed'
  | 'attest-skipped';

export type KeyBinding = {
  /** As shown: ↑↓, PgUp, f. */
  readonly shown: string;
  /** One or two words, for the footer. */
  readonly name: string | ((situation: Situation) => string);
  /** A whole sentence, for the help. */
  readonly does: string;
  readonly on: Readonly<Record<string, Command>>;
  /** Left out of the footer, which has little room; the help names them all. */
  readonly helpOnly?: boolean | ((situation: Situation) => boolean);
  /** This key answers the question: it counts only alone, and only once the question has been seen. */
  readonly answers?: boolean;
  /** Counts only alone, so that a burst of letters from a paste never presses it. */
  readonly alone?: boolean;
  /** The reason why it does nothing right now. */
  readonly unless?: (situation: Situation) => string | undefined;
};

export function nameOfKey(key: KeyBinding, situation: Situation): string {
  return typeof key.name === 'string' ? key.name : key.name(situation);
}
