import type { View } from '../session/view.ts';
import { finishedRows } from './finished-rows.ts';
import { blankRow, paragraph, type Row, span } from './row.ts';
import type { Situation } from './screen-state.ts';

export function resultTitle({ seenAs }: View): string {
  if (seenAs?.kind === 'record') return 'What came of it';
  return seenAs?.kind === 'watched' ? 'So far' : 'Result';
}

/** The end of a run in words, then what people said while it went on. */
export function resultRows({ view, size }: Situation): readonly Row[] {
  const width = size.columns;
  return [
    ...finishedRows({ view, width }),
    ...section({
      title: 'Answers',
      width,
      texts: (view.answered ?? []).map(({ title, value, note, by }) => {
        const who = by === 'operator' ? '' : ` (by ${by === 'option' ? 'an option' : 'the rehearsal'})`;
        return `${title} ${value}${note === undefined ? '' : `: ${note}`}${who}`;
      }),
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
