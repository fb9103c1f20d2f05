import type { Stop } from './ask-what-now.ts';

/** What became of one step, whether it acted or was talked about. */
export type StepResult =
  | { readonly kind: 'closed' }
  /** Back to an earlier step. Written by whoever waits for the whole group: a step beside this one may still be ending. */
  | { readonly kind: 'reopened'; readonly fromStepId: string }
  | { readonly kind: 'stopped'; readonly decision: Stop };
