import type { Answer, Choice, Question } from '../ports/operator.ts';

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
