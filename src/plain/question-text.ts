import type { Choice, Question } from '../ports/operator.ts';

/** The question as lines of text, its choices numbered, so that it can be read aloud and answered by a number. */
export function questionText(question: Question): readonly string[] {
  return [question.title, ...question.body, ...particulars(question)];
}

function particulars(question: Question): readonly string[] {
  switch (question.kind) {
    case 'choose':
      return numbered(question.choices, question.preferred);
    case 'failure':
      return [
        ...question.lastLines.map((line) => `| ${line}`),
        `To do: ${question.remedy}`,
        ...numbered(question.choices),
      ];
    case 'choose-row': {
      const rows = question.rows.map((row) => ({
        ...row,
        label: question.columns.map((column, index) => `${column} ${row.cells[index] ?? '-'}`).join(', '),
      }));
      const about = question.preferred === undefined ? undefined : question.about[question.preferred];
      return [...numbered(rows, question.preferred), ...(about === undefined ? [] : [about])];
    }
    case 'type-name':
      return question.facts.map((fact) => `${fact.label}: ${fact.value}`);
    case 'confirm':
    case 'attest':
      return [];
  }
}

function numbered(choices: readonly Choice[], preferred?: string): readonly string[] {
  return choices.map((choice, index) => {
    const marks = [
      ...(choice.value === preferred ? ['proposed'] : []),
      ...(choice.needsReason === true ? ['asks for a reason'] : []),
      ...(choice.disabledBecause === undefined ? [] : [`cannot be chosen: ${choice.disabledBecause}`]),
    ];
    return `${index + 1}. ${choice.label}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`;
  });
}
