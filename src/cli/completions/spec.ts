import { type Completes, type OptionName, optionNames, optionOf } from '../../app/options.ts';
import type { Command } from '../../commands/command.ts';

/** What all three shells have to know, read from the declarations once. */
type CompletionSpec = {
  readonly commands: readonly Command[];
  /** The first word of each command, with what it does; a word like `records` says what its actions are. */
  readonly firstWords: readonly { readonly word: string; readonly about: string }[];
  /** The second words of those that have some. */
  readonly actions: readonly {
    readonly word: string;
    readonly of: readonly { readonly word: string; readonly about: string }[];
  }[];
  /** Options that swallow the next word. */
  readonly withValue: readonly OptionName[];
};

export function readSpec(commands: readonly Command[]): CompletionSpec {
  const words = [...new Set(commands.map(({ name }) => name.replace(/ .*/, '')))];
  const actions = words
    .map((word) => ({
      word,
      of: commands
        .filter(({ name }) => name.startsWith(`${word} `))
        .map(({ name, about }) => ({ word: name.slice(word.length + 1), about })),
    }))
    .filter(({ of }) => of.length > 0);
  return {
    commands,
    actions,
    firstWords: words.map((word) => ({
      word,
      about:
        commands.find(({ name }) => name === word)?.about ??
        actions.flatMap((one) => (one.word === word ? one.of.map((action) => action.word) : [])).join(', '),
    })),
    withValue: optionNames.filter((name) => optionOf(name).value !== undefined),
  };
}

/** What is offered: some words, or what is found when the key is pressed. */
export type Offer = { readonly words: readonly string[] } | Completes | 'nothing';

export function offerOf(one: {
  readonly among?: readonly string[];
  readonly value?: string;
  readonly completes?: Completes;
}): Offer {
  if (one.among !== undefined) return { words: one.among };
  if (one.completes !== undefined) return one.completes;
  // ID|latest: what is written small can be typed as it stands.
  const small = one.value?.split('|').filter((word) => word === word.toLowerCase()) ?? [];
  return small.length > 0 ? { words: small } : 'nothing';
}

/** The operand at each place behind the command, the first place being 0. */
export function placesOf({ operands }: Command) {
  return operands.flatMap((operand) => Array.from({ length: operand.count[1] }, () => operand));
}

/** A text between single quotes; POSIX shells and zsh read it back as it is. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
