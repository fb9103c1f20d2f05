import { Lexer, LineCounter } from 'yaml';

/** What a comment begins with that says what nobody knew when the runbook was written. */
export const toDoMark = 'TO DO:';

export type OpenPoint = {
  /** In the file, from 1 on. */
  readonly line: number;
  /** Whole sentences, without the mark. */
  readonly text: string;
};

/**
 * Comments of a runbook that are marked as open. They make nothing wrong: `thaw lint` and `thaw check` name them, until somebody removes
 * them. One goes on in the lines below it that are comments as well, up to the next mark or an empty one.
 */
export function findOpenPoints(text: string): readonly OpenPoint[] {
  const points: { readonly line: number; readonly words: string[]; last: number }[] = [];
  for (const { line, comment } of commentsOf(text)) {
    const words = comment.replace(/^#+\s*/, '').trimEnd();
    const current = points.at(-1);
    if (words.startsWith(toDoMark)) {
      points.push({ line, words: [words.slice(toDoMark.length).trim()], last: line });
    } else if (current !== undefined && line === current.last + 1 && words !== '') {
      current.words.push(words);
      current.last = line;
    }
  }
  return points.map(({ line, words }) => ({ line, text: words.join(' ') }));
}

/** One line each, for people. */
export function sayOpenPoints(points: readonly OpenPoint[]): readonly string[] {
  return points.map(({ line, text }) => `– open  line ${line}: ${text}`);
}

/** Marks of the lexer's own, of no length: a document begins, a scalar follows, a flow ended early. */
const marks = new Set(['\u0002', '\u001f', '\u0018']);

/** Only what YAML itself takes for one: a text that begins with # is none. */
function* commentsOf(text: string) {
  const counter = new LineCounter();
  counter.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) counter.addNewLine(at + 1);
  let offset = 0;
  let isContent = false;
  for (const token of new Lexer().lex(text)) {
    if (marks.has(token)) {
      isContent = token === '\u001f';
      continue;
    }
    if (!isContent && token.startsWith('#')) yield { line: counter.linePos(offset).line, comment: token };
    isContent = false;
    offset += token.length;
  }
}
