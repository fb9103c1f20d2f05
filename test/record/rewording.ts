import { randomBytes } from 'node:crypto';
import type { StepHandlers } from '../../src/kinds/handlers.ts';

/** Says everything in other words, and knows how to say it in the first ones again. */
export type Rewording = {
  /** The same value, with random words wherever a verdict, a failure or a preview has its text. */
  reword<T>(value: T): T;
  /** The same kinds, speaking in random words whatever they return. */
  rewordKinds(kinds: StepHandlers): StepHandlers;
  /** The first words back, also inside longer sentences. */
  restore<T>(value: T): T;
};

export function createRewording(): Rewording {
  const words = new Map<string, string>();
  const firstWords = new Map<string, string>();

  function otherWord(text: string): string {
    const known = words.get(text);
    if (known !== undefined || text === '') return known ?? '';
    const word = `qx${randomBytes(4).toString('hex')} ${randomBytes(4).toString('hex')}zz`;
    words.set(text, word);
    firstWords.set(word, text);
    return word;
  }
  // What is shown line by line stays as many lines.
  // A sentence stays one: its full stop is none of its words, since sentences are joined by theirs.
  const otherLine = (line: string) =>
    line.endsWith('.') ? `${otherWord(line.slice(0, -1))}.` : otherWord(line);
  const otherWords = (text: string) => text.split('\n').map(otherLine).join('\n');

  const reword = <T>(value: T): T =>
    mapObjects(value, (object) => {
      const { sentences } = object;
      const texts = [
        'verdict' in object ? ['text', 'remedy'] : [],
        isFailure(object) ? failureTexts : [],
        ['reason'],
      ];
      const changed = texts.flat().flatMap((name) => {
        const text = object[name];
        return typeof text === 'string' ? [[name, otherWords(text)]] : [];
      });
      return {
        ...object,
        ...Object.fromEntries(changed),
        ...(Array.isArray(sentences) ? { sentences: sentences.map(otherWords) } : {}),
      };
    }) as T;

  function rewordKind<T extends object>(kind: T): T {
    const spoken = Object.entries(kind).map(([name, part]) => [
      name,
      typeof part === 'function'
        ? (...given: readonly unknown[]) => {
            const answer: unknown = part.apply(kind, given);
            return answer instanceof Promise ? answer.then(reword) : reword(answer);
          }
        : part,
    ]);
    return Object.fromEntries(spoken) as T;
  }

  return {
    reword,
    rewordKinds: (kinds) =>
      Object.fromEntries(
        Object.entries(kinds).map(([name, kind]) => [name, rewordKind(kind)]),
      ) as unknown as StepHandlers,
    restore: <T>(value: T) =>
      mapTexts(value, (text) =>
        text.replace(/qx[0-9a-f]{8} [0-9a-f]{8}zz/g, (word) => firstWords.get(word) ?? word),
      ) as T,
  };
}

const failureTexts = ['message', 'remedy', 'detail'];

const isFailure = (object: object) => 'code' in object && 'message' in object && 'remedy' in object;

type Fields = Readonly<Record<string, unknown>>;

/** Facts are no texts: a fact and what is in it stays as it is. */
function mapObjects(value: unknown, change: (object: Fields) => Fields): unknown {
  if (Array.isArray(value)) return value.map((item) => mapObjects(item, change));
  if (value === null || typeof value !== 'object') return value;
  if ('kind' in value && value.kind === 'fact-recorded') return value;
  // What a kind needs is told by the very facts that others give.
  if ('schema' in value) return value;
  const fields = Object.entries(value).map(([name, item]) => [name, mapObjects(item, change)]);
  return change(Object.fromEntries(fields));
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTexts(item, change)]));
}
