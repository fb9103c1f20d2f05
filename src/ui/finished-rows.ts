import type { View } from '../session/view.ts';
import { blankRow, paragraph, type Row, span } from './row.ts';

/** The end: the same lines that stay in the scrollback afterwards, and where the record is. */
export function finishedRows(request: { readonly view: View; readonly width: number }): readonly Row[] {
  const { view, width } = request;
  // The first line is the verdict; all of them stand here exactly as they are left in the scrollback.
  const say = (text: string, index: number) =>
    paragraph({ text, width, tone: index === 0 ? 'strong' : 'plain' });
  // A summary names its record; a run that goes on has no summary yet, and perhaps a record of its last stop.
  const record =
    view.recordPath === undefined || view.summary.length > 0
      ? []
      : [
          blankRow,
          ...paragraph({ text: view.recordPath, width: width - 1, prefix: [span(' record  ', 'strong')] }),
        ];
  return [...view.summary.flatMap(say), ...record];
}

export function finishedTitle(view: View): string {
  return view.phase === 'finished' ? 'The walk is over' : 'Stopped at a safe point';
}
