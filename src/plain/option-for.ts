import { shellWord } from '../base/quoting.ts';
import type { Question } from '../ports/operator.ts';

const list = (values: readonly string[]) => values.join('|');

/** The option of the command line that answers this question, ready to be typed. */
export function optionFor(question: Question): string {
  switch (question.kind) {
    case 'type-name':
      return `--confirm ${shellWord(question.name)}${question.instead === undefined ? '' : `, or --answer ${question.id}=${question.instead.value}`}`;
    case 'confirm':
      return question.inNameOf === undefined
        ? `--yes, or --answer ${question.id}=no`
        : `--answer ${question.id}=yes|no, which speaks for ${question.inNameOf}`;
    case 'attest':
      return `--answer ${question.id}=passed|failed|skipped:NOTE`;
    case 'choose-row':
      return `--answer ${question.id}=latest, or a row: ${list(rowValues(question))}`;
    case 'choose':
    case 'failure':
      return `--answer ${question.id}=${list(question.choices.filter(isOpen).map(withReason))}`;
  }
}

type Open = { readonly value: string; readonly disabledBecause?: string; readonly needsReason?: boolean };

const isOpen = (choice: Open) => choice.disabledBecause === undefined;
const withReason = (choice: Open) => (choice.needsReason === true ? `${choice.value}:REASON` : choice.value);

function rowValues(question: Extract<Question, { kind: 'choose-row' }>): readonly string[] {
  const open = question.rows.filter(isOpen).map(withReason);
  return open.length > 4 ? [...open.slice(0, 4), '…'] : open;
}
