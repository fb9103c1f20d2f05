import type { DrillRecord } from './drill-record.ts';
import { sayDuration } from './say-duration.ts';
import { type Section, say } from './section.ts';

/** The timetable of the runbook beside what was measured, and its sum beside the RTO: a plan may promise more than it can keep. */
export function budgetSections({ steps, rto }: DrillRecord): readonly Section[] {
  const planned = steps.filter(({ budgetMs }) => budgetMs !== undefined);
  if (planned.length === 0) return [];
  const totalMs = planned.reduce((sum, { budgetMs }) => sum + (budgetMs ?? 0), 0);
  const over = totalMs - rto.targetMs;
  return [
    {
      title: 'Timetable',
      level: 2,
      blocks: [
        {
          kind: 'table',
          head: ['', 'step', 'role', 'budget', 'took'],
          rows: planned.map(({ number, title, role, budgetMs, attempts }) => {
            const tookMs = attempts.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
            const late = tookMs > (budgetMs ?? 0);
            return [
              say(String(number)),
              say(title),
              say(role ?? '-'),
              say(sayDuration(budgetMs ?? 0)),
              attempts.length === 0 ? say('-') : say(sayDuration(tookMs), late ? 'unsure' : undefined),
            ];
          }),
        },
        {
          kind: 'text',
          text: `The budgets of ${planned.length} steps add up to ${sayDuration(totalMs)} one after the other, ${
            over > 0
              ? `${sayDuration(over)} more than the RTO of ${sayDuration(rto.targetMs)}: it is kept only where steps go beside each other or end early`
              : `within the RTO of ${sayDuration(rto.targetMs)}`
          }.`,
        },
      ],
    },
  ];
}
