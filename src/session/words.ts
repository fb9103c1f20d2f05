import type { Mode } from '../base/mode.ts';
import { type Tone, toneOf, verdictWord } from '../base/verdict.ts';
import type { CheckRow, StepStatus } from './view.ts';

/** The one word for each mode, each state of a step and each verdict of a check: both faces of a run take it from here. */

export function modeWord(mode: Mode): string {
  return mode.toUpperCase();
}

export const statusWords: Readonly<Record<StepStatus, string>> = {
  pending: 'to do',
  running: 'now',
  interrupted: 'interrupted',
  passed: 'done',
  'could-not-verify': 'unverified',
  failed: 'failed',
  skipped: 'skipped',
};

/** `now` is what is in hand. */
export function statusTone(status: StepStatus): Tone | 'now' {
  switch (status) {
    case 'running':
      return 'now';
    case 'pending':
      return 'quiet';
    case 'interrupted':
      return 'unsure';
    default:
      return toneOf(status);
  }
}

export function checkWord(verdict: CheckRow['verdict']): string {
  return verdict === 'running' ? 'checking' : verdictWord(verdict);
}
