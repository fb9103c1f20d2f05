import type { Mode } from '../base/mode.ts';
import type { Verdict } from '../base/verdict.ts';

/** The words for modes and verdicts, the same on every screen, line and record. */

export function modeWord(mode: Mode): string {
  return mode.toUpperCase();
}

export function verdictWord(verdict: Verdict): string {
  switch (verdict) {
    case 'passed':
      return 'VERIFIED';
    case 'failed':
      return 'FAILED';
    case 'could-not-verify':
      return 'COULD NOT VERIFY';
    case 'skipped':
      return 'NOTHING VERIFIED';
  }
}
