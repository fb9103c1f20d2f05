import type { DrillRecord } from './drill-record.ts';
import type { Tone } from './section.ts';

const words = {
  passed: 'VERIFIED',
  failed: 'FAILED',
  'could-not-verify': 'COULD NOT VERIFY everything',
  skipped: 'NOTHING VERIFIED',
} as const;

/** The one line about a run: in the list, in the index, on top of its record. */
export function resultWords(record: Pick<DrillRecord, 'result' | 'mode'>): string {
  const { state, verdict, reason, rolledBack } = record.result;
  const back = rolledBack ? ', rolled back afterwards' : '';
  if (state === 'stopped') return `STOPPED, not finished${back}: ${(reason ?? '').replace(/\s*\n\s*/g, ' ')}`;
  if (state === 'open') return 'OPEN: interrupted, not finished';
  if (record.mode === 'tabletop') return 'DISCUSSED: nothing was executed, nothing is proven';
  return `${words[verdict]}${back}`;
}

export function resultTone(record: Pick<DrillRecord, 'result' | 'mode'>): Tone {
  const { state, verdict } = record.result;
  if (record.mode === 'tabletop') return 'quiet';
  if (state !== 'finished') return 'doubt';
  return ({ passed: 'good', failed: 'bad', 'could-not-verify': 'doubt', skipped: 'quiet' } as const)[verdict];
}
