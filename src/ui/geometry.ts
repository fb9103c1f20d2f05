import type { Question } from '../ports/operator.ts';
import type { QuestionParts } from './question-rows.ts';
import type { Size } from './screen-state.ts';
import { stepListWidth } from './step-list-rows.ts';

/**
 * Where everything stands. Header 2, rule, body, rule, footer: together one row less than the terminal, because a
 * frame of exactly its height scrolls on some terminals.
 */
const rowsAroundBody = 5;

export function bodyHeight(size: Size): number {
  return size.rows - 1 - rowsAroundBody;
}

/** A page (help, checks, the end) has its title and a blank row above what scrolls. */
export function pageHeight(size: Size): number {
  return bodyHeight(size) - 2;
}

/** From this width on the steps stay in sight beside a question. */
const roomForBoth = 110;

export function stepsBesideQuestion(size: Size): boolean {
  return size.columns >= roomForBoth;
}

/** The list, the bar between, one blank on each side of the pane. */
export function paneWidth(size: Size): number {
  return size.columns - stepListWidth(size.columns) - 3;
}

export function questionWidth(size: Size): number {
  return stepsBesideQuestion(size) ? size.columns - stepListWidth(size.columns) - 2 : size.columns;
}

/** Choices that stand under the question as a list; a table is part of its body. */
export function countListed(question: Question): number {
  return question.kind === 'choose' || question.kind === 'failure' ? question.choices.length : 0;
}

/** How the rows of a question share the body: the fixed parts first, the list of choices, the rest scrolls. */
export function shareRows(request: {
  readonly parts: QuestionParts;
  readonly choices: number;
  readonly height: number;
}): { readonly body: number; readonly list: number } {
  const fixed = request.parts.top.length + request.parts.bottom.length;
  const free = Math.max(0, request.height - fixed - (request.choices > 0 ? 1 : 0));
  const list = Math.min(request.choices, Math.max(Math.min(3, free), free - request.parts.body.length));
  return { body: Math.min(request.parts.body.length, Math.max(0, free - list)), list };
}
