import type { Question } from '../ports/operator.ts';
import { isTooSmall, type Situation } from './screen-state.ts';

/** Where the operator is: it decides which keys count and what the help tells. */
export type Where =
  | 'too-small'
  | 'entry'
  | 'leave'
  | 'overlay'
  | 'finished'
  | 'preflight'
  | 'walk'
  /** A run that this process does not drive: a record, or a run in another process. */
  | 'reading'
  | Question['kind'];

export function whereNow({ state, view, size }: Situation): Where {
  if (state.overlay?.kind === 'leave') return 'leave';
  if (isTooSmall(size)) return 'too-small';
  if (state.entry !== undefined) return 'entry';
  if (state.overlay !== undefined) return 'overlay';
  if (view.isRecord === true) return 'reading';
  if (view.question !== undefined && state.asked?.aside !== true) return view.question.kind;
  if (view.phase === 'finished' || view.phase === 'stopped') return 'finished';
  return view.phase === 'checking' ? 'preflight' : 'walk';
}
