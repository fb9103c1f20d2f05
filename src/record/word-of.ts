import type { QuestionRecord } from './drill-record.ts';

const givenBy: Readonly<Record<string, string>> = {
  operator: 'at the terminal',
  option: 'beforehand, by an option of the command line',
  rehearsal: 'by the rehearsal itself',
};

/**
 * What somebody said at the end of a run, and how it came to be written down. Nobody's word is made up: what nobody gave is said to
 * be missing. Only a signature proves whose it was. undefined where nobody was named.
 */
export function wordOf(
  name: string | undefined,
  asked: {
    readonly questions: readonly QuestionRecord[];
    readonly id: 'declare-recovery' | 'approve-result';
  },
): string | undefined {
  if (name === undefined) return undefined;
  const last = asked.questions.findLast(({ id }) => id === asked.id);
  if (last?.answer === undefined) return 'not attested: nobody answered';
  const by = last.by === undefined ? '' : (givenBy[last.by] ?? last.by);
  return `${last.answer}, in the name of ${name}, ${by}, ${last.answeredAt}`;
}
