import type { Answer, Choice, Question } from '../ports/operator.ts';
import { closedWords } from '../session/question-words.ts';
import { readAnswer } from './answer-from-flags.ts';

/** What one typed line means: an answer, or a sentence about why it is none yet. */
export type Typed =
  | { readonly kind: 'answer'; readonly answer: Omit<Answer, 'by'> }
  | { readonly kind: 'again'; readonly message: string }
  /** The choice is clear, the reason is still missing: the next line is that reason. */
  | { readonly kind: 'needs-note'; readonly value: string };

/** The words before the cursor. */
export function promptFor(question: Question): string {
  switch (question.kind) {
    case 'type-name':
      return `Type ${question.name} to ${question.verb}, ${question.instead === undefined ? '' : `${question.instead.value} (${question.instead.label}), `}or no: `;
    case 'confirm':
      return `Type yes to ${question.verb}, or no: `;
    case 'attest':
      return 'Type passed, failed or skipped, and a note behind a colon: ';
    case 'choose-row':
      return `Type a number from 1 to ${question.rows.length}, or latest: `;
    case 'choose':
    case 'failure':
      return `Type a number from 1 to ${question.choices.length}: `;
  }
}

export function readTypedAnswer(question: Question, line: string): Typed {
  const text = line.trim();
  switch (question.kind) {
    case 'type-name':
      if ([question.name, question.instead?.value, 'no'].includes(text))
        return { kind: 'answer', answer: { value: text } };
      return { kind: 'again', message: 'The name does not match; nothing happened.' };
    case 'confirm':
      if (text === 'yes' || text === 'no') return { kind: 'answer', answer: { value: text } };
      return { kind: 'again', message: 'Only yes or no, written out, is an answer.' };
    case 'attest': {
      if (text === 'failed' || text === 'skipped') return { kind: 'needs-note', value: text };
      const answer = readAnswer(question, text);
      return answer === undefined
        ? { kind: 'again', message: 'Only passed, failed or skipped is an answer.' }
        : { kind: 'answer', answer };
    }
    case 'choose':
    case 'failure':
      return readChoice(question, { text, choices: question.choices });
    case 'choose-row':
      return readChoice(question, { text, choices: question.rows });
  }
}

function readChoice(
  question: Extract<Question, { kind: 'choose' | 'failure' | 'choose-row' }>,
  { text, choices }: { readonly text: string; readonly choices: readonly Choice[] },
): Typed {
  const byNumber = /^\d+$/.test(text) ? choices[Number(text) - 1] : undefined;
  const byValue = choices.find((choice) => choice.value === text);
  // A row may be called 14: what is written in front of the rows counts first.
  const choice = byNumber ?? byValue;
  if (choice?.disabledBecause !== undefined) {
    return { kind: 'again', message: closedWords(choice) };
  }
  if (choice?.needsReason === true) return { kind: 'needs-note', value: choice.value };
  if (choice !== undefined) return { kind: 'answer', answer: { value: choice.value } };
  const answer = readAnswer(question, text);
  return answer === undefined
    ? { kind: 'again', message: `${JSON.stringify(text)} is none of the choices.` }
    : { kind: 'answer', answer };
}
