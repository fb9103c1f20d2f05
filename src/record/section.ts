import { type Check, type Tone, toneOf, verdicts, verdictWord } from '../base/verdict.ts';
import type { Recorded } from './recorded.ts';
import type { StepRecord } from './step-record-schema.ts';

/** The record as a person reads it, before it is Markdown or HTML: both say the same words in the same order. */
export type Cell = {
  readonly text: string;
  /** Stands in front of the text, and alone carries the tone. */
  readonly lead?: string;
  readonly tone?: Tone;
  readonly code?: true;
};

export type Block =
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [string, Cell])[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'list'; readonly items: readonly Cell[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'commands'; readonly lines: readonly string[] };

export type Section = { readonly title: string; readonly level: 2 | 3; readonly blocks: readonly Block[] };

export function say(text: string, tone?: Tone): Cell {
  return tone === undefined ? { text } : { text, tone };
}

export function code(text: string): Cell {
  return { text, code: true };
}

export function sayField<T>(field: Recorded<T>, inWords: (value: T) => string | Cell = String): Cell {
  if ('notRecorded' in field) return say(`not recorded: ${field.notRecorded}`, 'quiet');
  const words = inWords(field.value);
  return typeof words === 'string' ? say(words) : words;
}

export function sayList(field: Recorded<readonly string[]>): Cell {
  return sayField(field, (values) => values.join('; '));
}

/** Of a step, that may have come to no verdict, or of a check. */
export function sayVerdict(outcome: StepRecord['outcome'], reason?: string): Cell {
  const verdict = verdicts.find((one) => one === outcome);
  const word = verdict === undefined ? outcome : verdictWord(verdict);
  const tone = verdict === undefined ? (outcome === 'interrupted' ? 'unsure' : 'quiet') : toneOf(verdict);
  return say(reason === undefined ? word : `${word}: ${reason}`, tone);
}

export function sayCheck(check: Check): Cell {
  const remedy = check.remedy === undefined ? '' : ` → ${check.remedy}`;
  const { text: lead, tone } = sayVerdict(check.verdict);
  return { lead, text: `${check.text}${remedy}`, ...(tone === undefined ? {} : { tone }) };
}

export function listOr(items: readonly Cell[], otherwise: string): Block {
  return items.length === 0 ? { kind: 'text', text: otherwise } : { kind: 'list', items };
}
