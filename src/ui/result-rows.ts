import type { View } from '../session/view.ts';
import { answerWords } from '../session/words.ts';
import { blankRow, paragraph, type Row, span } from './row.ts';
import type { Situation } from './screen-state.ts';

/** The end: the same lines that stay in the scrollback afterwards, and where the record is. */
export function finishedRows({
  view,
  width,
}: {
  readonly view: View;
  readonly width: number;
}): readonly Row[] {
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

/** The end of a run in words, then what people said while it went on. */
export function resultRows({ view, size }: Situation): readonly Row[] {
  const width = size.columns;
  return [
    ...finishedRows({ view, width }),
    ...section({
      title: 'Answers',
      width,
      texts: (view.answered ?? []).map((row) => `${row.title} ${answerWords(row)}`),
    }),
    ...section({ title: 'Notes', width, texts: view.notes }),
  ];
}

function section(request: {
  readonly title: string;
  readonly texts: readonly string[];
  readonly width: number;
}): readonly Row[] {
  const { title, texts, width } = request;
  if (texts.length === 0) return [];
  return [
    blankRow,
    [span(` ${title}`, 'strong')],
    ...texts.flatMap((text) => paragraph({ text, width: width - 1, prefix: [span('   ')] })),
  ];
}
