import { resultWord, type Tone, toneOf, type Verdict } from '../base/verdict.ts';
import type { DrillRecord } from './record-schema.ts';

/** The one line about a run: in the list, in the index, on top of its record. */
export function resultWords(record: Pick<DrillRecord, 'result' | 'mode'>): string {
  const { state, verdict, reason, rolledBack, proven = [] } = record.result;
  const back = rolledBack ? ', rolled back afterwards' : '';
  if (state === 'stopped') return `STOPPED, not finished${back}: ${(reason ?? '').replace(/\s*\n\s*/g, ' ')}`;
  if (state === 'open') return 'OPEN: interrupted, not finished';
  if (record.mode === 'tabletop') return 'DISCUSSED: nothing was executed, nothing is proven';
  return `${resultWord(verdict, proven)}${verdict === 'could-not-verify' ? ' everything' : ''}${back}`;
}

export function resultTone(record: Pick<DrillRecord, 'result' | 'mode'>): Tone {
  const { state, verdict } = record.result;
  if (record.mode === 'tabletop') return 'quiet';
  return state === 'finished' ? toneOf(verdict) : 'unsure';
}

type CriterionVerdict = DrillRecord['criteria'][number]['verdict'];

/** Verdicts as the frameworks call those of a criterion. */
const criterionOf: Readonly<Record<Verdict, CriterionVerdict>> = {
  passed: 'PASS',
  failed: 'FAIL',
  'could-not-verify': 'PARTIAL',
  'not-checked': 'NOT JUDGED',
  skipped: 'NOT JUDGED',
};

export function judgedAs(verdict: Verdict): CriterionVerdict {
  return criterionOf[verdict];
}

export function criterionTone(verdict: CriterionVerdict): Tone {
  const own = (['passed', 'failed', 'could-not-verify'] as const).find((one) => criterionOf[one] === verdict);
  return toneOf(own ?? 'skipped');
}
