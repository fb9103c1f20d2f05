import type { Choice } from '../ports/operator.ts';
import type { StepRow, View } from './view.ts';
import { attemptWords } from './words.ts';

/** What is said around a question, whether it is answered by a key or by a line. */

/** step 5 of 9, attempt 2 */
export function placeWords(step: StepRow, { steps }: View): string {
  return `step ${step.number} of ${steps.length}${attemptWords(step)}`;
}

/** Behind the name of a choice: why it is closed, or what it asks for. */
export function choiceRemark({
  disabledBecause,
  needsReason,
}: Pick<Choice, 'disabledBecause' | 'needsReason'>): string | undefined {
  if (disabledBecause !== undefined) return `cannot be chosen: ${disabledBecause}`;
  return needsReason === true ? 'asks for a reason' : undefined;
}

/** For whoever takes it all the same. */
export function closedWords({ label, disabledBecause = '' }: Choice): string {
  return `${label} cannot be chosen: ${disabledBecause}.`;
}

/** What a person may say of something that only a person can see. */
export const attestations = [
  { value: 'passed', means: 'it is as it should be', asks: 'Passed; a note:' },
  { value: 'failed', means: 'it is not; you say what you saw', asks: 'Failed; what was seen:' },
  { value: 'skipped', means: 'nobody looked; you say why', asks: 'Skipped, because:' },
] as const;

export type Attestation = (typeof attestations)[number]['value'];

/** Of every question: no lets nothing happen. */
export const noWords = 'no, nothing happens';
