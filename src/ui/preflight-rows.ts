import type { View } from '../session/view.ts';
import { orderChecks } from '../session/words.ts';
import { checkRows } from './check-rows.ts';
import { paragraph, type Row, span } from './row.ts';

/** Before the walk: everything that was looked at, what blocks first, each with what to do about it. */
export function preflightRows({
  view,
  width,
}: {
  readonly view: View;
  readonly width: number;
}): readonly Row[] {
  const advice = (view.advice ?? []).flatMap((text) =>
    paragraph({ text, width: width - 1, prefix: [span(' ! ', 'unsure')], tone: 'unsure' }),
  );
  const checks =
    view.checks.length === 0
      ? paragraph({ text: 'The first checks are being made.', width, prefix: [span(' ')], tone: 'quiet' })
      : checkRows({ checks: orderChecks(view.checks), width: width - 1, indent: ' ' });
  return [...advice, ...checks];
}
