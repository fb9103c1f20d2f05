import type { Question } from '../ports/operator.ts';
import { bodyHeight, countListed, pageHeight, paneWidth, questionWidth, shareRows } from './geometry.ts';
import { moveHeld } from './output-window.ts';
import { overlayPage } from './overlay-rows.ts';
import { preflightRows } from './preflight-rows.ts';
import { questionParts } from './question-rows.ts';
import { type Handlers, stay, withAsked, withoutHold } from './react-to.ts';
import { choicesOf, type Reaction, type Situation, shownStepId } from './screen-state.ts';
import { stepPane } from './step-pane-rows.ts';
import { filterRows } from './table-rows.ts';
import { whereNow } from './where-now.ts';

/** How far: rows, a page, or all the way. Each place has its own thing to move. */
type Move = { readonly pages?: number; readonly rows?: number };

const farAway = 1_000_000;

function rowsOf(move: Move, page: number): number {
  return (move.rows ?? 0) + (move.pages ?? 0) * Math.max(1, page - 1);
}

function clamp(value: number, last: number): number {
  return Math.min(Math.max(0, value), Math.max(0, last));
}

function move(situation: Situation, by: Move): Reaction {
  const { state, view, size } = situation;
  const where = whereNow(situation);
  if (where === 'overlay' && state.overlay !== undefined) {
    const { kind, scroll } = state.overlay;
    const last = overlayPage(kind, situation).rows.length - pageHeight(size);
    return stay({
      ...state,
      overlay: { kind, scroll: clamp(scroll + rowsOf(by, pageHeight(size)), last) },
    });
  }
  if (where === 'preflight') {
    const last = preflightRows({ view, width: size.columns }).length - pageHeight(size);
    const scroll = clamp(state.listScroll + rowsOf(by, pageHeight(size)), last);
    return stay({ ...state, listScroll: scroll });
  }
  if (where === 'walk' || where === 'reading') return moveOutput(situation, by);
  return view.question === undefined
    ? stay(state)
    : moveInQuestion(situation, { question: view.question, by });
}

/** Scrolling back holds the step as well: the frame stays still until f. */
function moveOutput({ state, view, size }: Situation, by: Move): Reaction {
  const stepId = shownStepId(state, view);
  const { output } = stepPane({ view, state, stepId, width: paneWidth(size), height: bodyHeight(size) });
  if (output === undefined || stepId === undefined) return stay(state);
  const heldAt = moveHeld({ ...output, by: rowsOf(by, output.height) });
  return heldAt === undefined ? stay(withoutHold(state)) : stay({ ...state, heldAt, selectedId: stepId });
}

function moveInQuestion(
  { state, view, size }: Situation,
  request: { readonly question: Question; readonly by: Move },
): Reaction {
  const { question, by } = request;
  const { asked } = state;
  if (asked === undefined) return stay(state);
  const height = bodyHeight(size);
  const rows = question.kind === 'choose-row' ? filterRows(question, asked.rowFilter) : choicesOf(question);
  // In a list the arrows move the mark and the pages scroll the words above it; a table has the pages as well.
  if (rows.length > 0 && (question.kind === 'choose-row' || Math.abs(by.rows ?? 0) === 1)) {
    const at = rows.findIndex((row) => row.value === asked.cursor);
    const next = rows[clamp(at + rowsOf(by, height - 8), rows.length - 1)];
    return next === undefined ? stay(state) : stay(withAsked(state, { cursor: next.value }));
  }
  const parts = questionParts(question, { view, asked, width: questionWidth(size), height });
  const { body } = shareRows({ parts, choices: countListed(question), height });
  const scroll = clamp(asked.scroll + rowsOf(by, body), parts.body.length - body);
  return stay(withAsked(state, { scroll }));
}

export const scrollCommands = {
  'previous-row': (situation) => move(situation, { rows: -1 }),
  'next-row': (situation) => move(situation, { rows: 1 }),
  'page-up': (situation) => move(situation, { pages: -1 }),
  'page-down': (situation) => move(situation, { pages: 1 }),
  'to-start': (situation) => move(situation, { rows: -farAway }),
  'to-end': (situation) => move(situation, { rows: farAway }),
} satisfies Handlers;
