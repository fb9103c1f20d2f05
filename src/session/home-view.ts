import type { Mode } from '../base/mode.ts';
import type { Verdict } from '../base/verdict.ts';

/**
 * What stands on the first page, as data: what waits to be gone on with, what can be begun, what was. Rows appear as they
 * become known; looking for them holds up nothing.
 */
export type HomeView = {
  readonly host: string;
  /** Where runs and their records are kept. */
  readonly logFolder: string;
  readonly advice: readonly string[];
  /** In the order in which they are shown. */
  readonly rows: readonly HomeRow[];
  /** What is still being looked for. */
  readonly looking: boolean;
};

export type HomeRow = {
  readonly key: string;
  readonly group: HomeGroup;
  readonly mode?: Mode;
  /** When, for runs: 2026-04-28 14:48. */
  readonly when?: string;
  readonly title: string;
  /** The rest of the row: stopped at step 5 of 9; RTO 30 min, RPO 1 h; VERIFIED. */
  readonly words: string;
  readonly verdict?: Verdict;
  /** Whole sentences, shown when the row is opened. */
  readonly about: readonly string[];
  readonly actions: readonly HomeAction[];
  /** Shows and hides the other rows of its group instead of being opened. */
  readonly unfolds?: true;
  /** What one types for it, where the row itself does not begin it. */
  readonly typed?: string;
};

export const homeGroups = ['unfinished', 'runbook', 'next', 'record', 'example'] as const;
type HomeGroup = (typeof homeGroups)[number];

export const groupTitles: Readonly<Record<HomeGroup, string>> = {
  unfinished: 'Unfinished: go on here',
  runbook: 'Your runbooks',
  next: 'What next',
  record: 'Past runs',
  example: 'Examples',
};

/** Where there is no row. */
export function emptyWords({ looking }: Pick<HomeView, 'looking'>): string {
  return looking ? 'Looking for runs and runbooks …' : 'There is no runbook here.';
}

/** What can be done with a row, and what it may touch. */
export type HomeAction = {
  readonly choice: HomeChoice;
  readonly mode?: Mode;
  readonly label: string;
  readonly touches: readonly Touch[];
  readonly disabledBecause?: string;
};

/** may replace: harbour_crm at 10.0.0.5:5432. */
export type Touch = { readonly how: keyof typeof touchWords; readonly what: string };

export const touchWords = {
  replace: 'may replace',
  overwrite: 'may overwrite',
  stop: 'may stop',
  use: 'may use',
  read: 'only reads',
  spare: 'leaves alone',
  look: 'checks first',
  touch: 'touches',
} as const;

const risky: ReadonlySet<Touch['how']> = new Set(['replace', 'overwrite', 'stop', 'use']);

/** Runs begin with a time and a mode; a runbook has neither. */
export function isRun({ group }: Pick<HomeRow, 'group'>): boolean {
  return group === 'unfinished' || group === 'record';
}

export function isRisky({ how }: Touch): boolean {
  return risky.has(how);
}

export type HomeChoice =
  | { readonly kind: 'resume'; readonly runId: string }
  | { readonly kind: 'start'; readonly runbook: string; readonly mode: Mode }
  | { readonly kind: 'rehearse' }
  /** Another command, as if it had been typed without a word more. */
  | { readonly kind: 'command'; readonly name: string }
  | { readonly kind: 'read'; readonly runId: string };

export type Home = {
  /** The same object until something changes. */
  view(): HomeView;
  subscribe(listener: () => void): () => void;
};
