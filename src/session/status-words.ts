import type { CheckRow, StepStatus } from './view.ts';

/**
 * The one word for each state of a step and each verdict of a check. The screen, the lines and the record take it
 * from here, so that a drill and its record never call the same thing by two names.
 */
export const statusWords: Readonly<Record<StepStatus, string>> = {
  pending: 'to do',
  running: 'now',
  doubt: 'in doubt',
  passed: 'done',
  'could-not-verify': 'unverified',
  failed: 'failed',
  skipped: 'skipped',
};

export const verdictWords: Readonly<Record<CheckRow['verdict'], string>> = {
  passed: 'passed',
  failed: 'failed',
  'could-not-verify': 'could not verify',
  skipped: 'skipped',
  running: 'checking',
};
