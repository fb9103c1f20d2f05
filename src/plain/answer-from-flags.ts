import { shellWord } from '../base/quoting.ts';
import type { Answer, Choice, Question } from '../ports/operator.ts';
import type { Session } from '../session/view.ts';
import { watchQuestions } from './watch-questions.ts';

/**
 * Answers the questions that the command line answered in advance, and reports the others, each with the option that
 * would have answered it. Each question takes its answer once: an unattended retry must not go round for ever.
 *
 * @returns the way to stop.
 */
export function answerFromFlags(request: {
  readonly session: Session;
  readonly answers: ReadonlyMap<string, string>;
  readonly confirm?: readonly string[];
  readonly yes: boolean;
  readonly onMissing: (question: Question, option: string) => void;
}): () => void {
  const { session } = request;
  const flags: Flags = { answers: request.answers, confirm: request.confirm ?? [], yes: request.yes };
  const spent = new Set<string>();
  return watchQuestions(session, (question) => {
    const answer = spent.has(question.id) ? undefined : answerFor(question, flags);
    if (answer === undefined) return request.onMissing(question, optionFor(question));
    spent.add(question.id);
    session.answer(question.id, { ...answer, by: 'option' });
  });
}

/** What the command line says in advance. Nothing is guessed from it. */
export type Flags = {
  readonly answers: ReadonlyMap<string, string>;
  readonly confirm: readonly string[];
  readonly yes: boolean;
};

/** skip:the webhook is switched off — a value, and the reason or note behind the first colon. */
function splitNote(text: string): { readonly value: string; readonly note?: string } {
  const colon = text.indexOf(':');
  if (colon === -1) return { value: text };
  const note = text.slice(colon + 1).trim();
  return note === '' ? { value: text.slice(0, colon) } : { value: text.slice(0, colon), note };
}

/** The answer to this question, or undefined where the options do not hold one that is allowed. */
export function answerFor(question: Question, flags: Flags): Omit<Answer, 'by'> | undefined {
  // The dangerous question listens to its own option only.
  if (question.kind === 'type-name') {
    if (flags.confirm.includes(question.name)) return { value: question.name };
    const { instead } = question;
    // What replaces nothing may be said like any other answer.
    return instead !== undefined && flags.answers.get(question.id) === instead.value
      ? { value: instead.value }
      : undefined;
  }
  const given = flags.answers.get(question.id);
  if (question.kind === 'confirm') {
    if (given === 'yes' || given === 'no') return { value: given };
    const mayAgree = flags.yes && question.inNameOf === undefined;
    return given === undefined && mayAgree ? { value: 'yes' } : undefined;
  }
  if (given === undefined) return undefined;
  return readAnswer(question, given);
}

/** One text as an answer, from an option or from a typed line. */
export function readAnswer(
  question: Exclude<Question, { kind: 'type-name' | 'confirm' }>,
  given: string,
): Omit<Answer, 'by'> | undefined {
  switch (question.kind) {
    case 'attest': {
      const { value, note } = splitNote(given);
      if (value === 'passed') return note === undefined ? { value } : { value, note };
      if (value !== 'failed' && value !== 'skipped') return undefined;
      return note === undefined ? undefined : { value, note };
    }
    case 'choose-row': {
      const wanted = given === 'latest' ? question.preferred : given;
      return wanted === undefined ? undefined : takeChoice(question.rows, wanted);
    }
    case 'choose':
    case 'failure':
      return takeChoice(question.choices, given);
  }
}

function takeChoice(choices: readonly Choice[], given: string): Omit<Answer, 'by'> | undefined {
  const open = choices.filter((choice) => choice.disabledBecause === undefined);
  // A value may contain a colon itself: the whole text is tried first.
  const whole = open.find((choice) => choice.value === given);
  if (whole !== undefined) return whole.needsReason === true ? undefined : { value: whole.value };
  const { value, note } = splitNote(given);
  const choice = open.find((one) => one.value === value);
  if (choice === undefined || note === undefined) return undefined;
  return { value, note };
}

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
