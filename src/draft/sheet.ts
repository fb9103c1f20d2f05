import { Document, isMap, isNode, isScalar, isSeq, type Node, YAMLMap } from 'yaml';
import { cleanText } from '../base/clean-text.ts';
import { toDoMark } from '../runbook/open-points.ts';

type Path = readonly (string | number)[];

/** A runbook on its way: fields in the order in which they are set, and comments that stand before them. */
export type Sheet = {
  set(section: string, value: unknown): void;
  /** Whole sentences, before the field or list item at this path; behind everything for an empty path. */
  note(path: Path, text: string): void;
  /** The same, marked: `thaw lint` and `thaw check` name it until somebody removes the line. */
  toDo(path: Path, text: string): void;
  toText(): string;
};

/** As wide as comments in a runbook are read comfortably. */
const width = 104;

type Comment = { readonly path: Path; readonly notes: string[]; readonly toDos: string[] };

export function createSheet(): Sheet {
  const sections = new YAMLMap();
  const document = new Document(sections);
  const comments = new Map<string, Comment>();
  const commentAt = (path: Path): Comment => {
    const key = JSON.stringify(path);
    const known = comments.get(key) ?? { path, notes: [], toDos: [] };
    comments.set(key, known);
    return known;
  };
  return {
    set: (section, value) => sections.add(document.createPair(section, value)),
    note: (path, text) => void commentAt(path).notes.push(text),
    toDo: (path, text) => void commentAt(path).toDos.push(`${toDoMark} ${text}`),
    toText() {
      for (const { path, notes, toDos } of comments.values()) {
        // What is open comes last: a comment below it would be read as a part of it.
        const text = [...notes, ...toDos].map((one) => wrap(one, width - 2 * path.length)).join('\n');
        if (path.length === 0) document.comment = text;
        else commented(document, path).commentBefore = text;
      }
      airBetween(sections);
      flowShort(document.get('inputs'));
      return document.toString({ lineWidth: 0, flowCollectionPadding: true });
    },
  };
}

/** The node before which a comment about this path is written: the key of a field, or the item of a list. */
function commented(document: Document, path: Path): Node {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  const found = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && key.value === last)?.key
    : isSeq(parent) && typeof last === 'number'
      ? parent.items[last]
      : undefined;
  if (isNode(found)) return found;
  throw new Error(`Broken promise: nothing was set at ${path.join('.')}`);
}

const headLines = ['thaw', 'name', 'title', 'about'];

function airBetween({ items }: YAMLMap): void {
  for (const { key } of items)
    if (isScalar(key) && !headLines.includes(String(key.value))) key.spaceBefore = true;
}

/** An input is one line, as in every runbook. */
function flowShort(inputs: unknown): void {
  if (!isMap(inputs)) return;
  for (const { value } of inputs.items) if (isMap(value)) value.flow = true;
}

function wrap(text: string, columns: number): string {
  const lines: string[] = [];
  // Names of objects come from outside: none may end the comment, or reach a terminal raw.
  for (const word of cleanText(text).split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < columns) lines.push(`${lines.pop()} ${word}`);
    else lines.push(` ${word}`);
  }
  return lines.join('\n');
}
