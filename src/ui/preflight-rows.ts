import type { CheckRow, View } from '../session/view.ts';
import { checkRows, orderChecks } from './check-rows.ts';
import { paragraph, type Row, span } from './row.ts';

/** Before the walk: everything that was looked at, what blocks first, each with what to do about it. */
export function preflightTitle(view: View): string {
  const count = (verdict: CheckRow['verdict']) =>
    view.checks.filter((check) => check.verdict === verdict).length;
  // Nothing was looked at yet: that is not the same as nothing in the way.
  if (view.checks.length === 0) return 'Before anything is touched: checking';
  const blockers = count('failed');
  const parts = [
    blockers === 0 ? 'no blocker' : blockers === 1 ? '1 blocker' : `${blockers} blockers`,
    ...(count('could-not-verify') > 0 ? [`${count('could-not-verify')} not verified`] : []),
    ...(count('running') > 0 ? [`${count('running')} checking`] : []),
  ];
  return `Before anything is touched: ${parts.join(', ')}`;
}

export function preflightRows(request: { readonly view: View; readonly width: number }): readonly Row[] {
  const { view, width } = request;
  const advice = (view.advice ?? []).flatMap((text) =>
    paragraph({ text, width: width - 1, prefix: [span(' ! ', 'unsure')], tone: 'unsure' }),
  );
  return [...advice, ...madeChecks(request)];
}

function madeChecks({ view, width }: Parameters<typeof preflightRows>[0]): readonly Row[] {
  if (view.checks.length === 0) {
    return paragraph({ text: 'The first checks are being made.', width, prefix: [span(' ')], tone: 'quiet' });
  }
  return checkRows({ checks: orderChecks(view.checks), width: width - 1, indent: ' ' });
}

export function preflightCount(view: View): string {
  return `${view.checks.length} checks`;
}
