import type { CommandContext } from '../app/command-context.ts';
import type { StatusName } from '../app/exit-status.ts';
import { type Completes, type OptionName, type Options, optionOf, type Reading } from '../app/options.ts';
import type { Outcome } from '../base/failure.ts';

/** What is written about all commands together, derived from their declarations by `cli`. */
export type Pages = {
  /** No word: every command; else one command, or every action of a word like `records`. */
  help(words: readonly string[]): Outcome<string>;
  /** In roff, by the same words; several for a word like `records`, all of them without any. */
  man(words: readonly string[]): Outcome<readonly ManPage[]>;
  completions(shell: Shell): string;
  /** The command of that name, where there is one: who speaks of another command asks for it. */
  command(name: string): Command | undefined;
};

/** thaw-restore.1, and what stands in it. */
export type ManPage = { readonly file: string; readonly text: string };

export const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** All there is; each command takes of it what it names in the type of its `run`. */
export type ProgramContext = CommandContext & { readonly pages: Pages };

/** A word that stands behind the command, without dashes. */
export type Operand<T> = {
  readonly word: string;
  readonly about: string;
  /** How many of them: at least, at most. */
  readonly count: readonly [number, number];
  readonly completes?: Completes;
  readonly among?: readonly string[];
  readonly take: (words: readonly string[]) => Reading<T>;
};

type OperandWords = Pick<Operand<unknown>, 'word' | 'about' | 'completes' | 'among'>;

export function required(words: OperandWords): Operand<string> {
  return { ...words, count: [1, 1], take: ([first = '']) => ({ value: first }) };
}

export function optional(words: OperandWords): Operand<string | undefined> {
  return { ...words, count: [0, 1], take: ([first]) => ({ value: first }) };
}

export function several(
  words: OperandWords & { readonly count: readonly [number, number] },
): Operand<readonly string[]> {
  return { ...words, take: (given) => ({ value: given }) };
}

/** One of a few words. */
export function choice<const T extends string>(
  words: Omit<OperandWords, 'among'> & { readonly among: readonly T[] },
): Operand<T> {
  const { among } = words;
  const take = ([first]: readonly string[]): Reading<T> => {
    const found = among.find((one) => one === first);
    return found === undefined ? { wrong: `${first} is none of ${among.join(', ')}` } : { value: found };
  };
  return { ...words, count: [1, 1], take };
}

export const runbookOperand = required({
  word: 'RUNBOOK',
  about: 'its name under runbooks/, here, in ~/.config/thaw or /etc/thaw; or the path of its file',
  completes: 'runbook',
});

export const runOperand = optional({
  word: 'RUN',
  about: 'the name of a run, as `thaw records list` shows it; the newest that fits when left out',
  completes: 'run',
});

export const commandOperand = several({
  word: 'COMMAND',
  about: 'one of `thaw help`; a word like `records` means all its commands',
  completes: 'command',
  count: [0, 2],
});

type Operands = Readonly<Record<string, Operand<unknown>>>;

type Given<O extends Operands, N extends OptionName, R extends N> = {
  readonly operands: { readonly [K in keyof O]: O[K] extends Operand<infer T> ? T : never };
  readonly options: Options<Exclude<N, R>> & { readonly [K in R]: NonNullable<Options<R>[K]> };
};

/** Everything about a command that is not its work. Parser, help, completions, man pages and docs/commands.md are derived from it. */
type Words = {
  /** One word, or two: `records sign`. */
  readonly name: string;
  /** One line that completes the sentence "thaw NAME: …". */
  readonly about: string;
  /** Paragraphs for whoever wants to know more. */
  readonly more?: readonly string[];
  readonly examples: readonly { readonly line: string; readonly about: string }[];
  /** What an exit status means here. Wrong usage and a bug of ours need no mention: every command may end with them. */
  readonly statuses: Readonly<Partial<Record<StatusName, string>>>;
};

type Declaration<O extends Operands, N extends OptionName, R extends N> = Words & {
  readonly operands: O;
  readonly options: readonly N[];
  /** Options without which it does not begin. */
  readonly needs?: readonly R[];
  /** Of each group at most one may be given. */
  readonly either?: readonly (readonly N[])[];
  /** Loads its work when it is called: a declaration is read for every `thaw --help` and every press of the tab key. */
  readonly run: (context: ProgramContext, given: Given<O, N, R>) => Promise<Outcome<number>>;
};

/** What was typed: operands in order, and by option each value that was given. */
type Typed = {
  readonly operands: readonly string[];
  readonly options: ReadonlyMap<OptionName, readonly string[]>;
};

export type Start = (context: ProgramContext) => Promise<Outcome<number>>;

/** A command as the list has it, whatever its operands and options are. */
export type Command = Words & {
  readonly operands: readonly Operand<unknown>[];
  readonly options: readonly OptionName[];
  readonly needs: readonly OptionName[];
  readonly either: readonly (readonly OptionName[])[];
  /** Reads what was typed; nothing is done before all of it was found good. A text says what is wrong. */
  readonly prepare: (typed: Typed) => { readonly start: Start } | { readonly wrong: string };
  /** In the process of a run: what the same declaration read in the process that began it. */
  readonly goOn: (context: ProgramContext, given: unknown) => Promise<Outcome<number>>;
};

type DefinedCommand<O extends Operands, N extends OptionName, R extends N> = Command & {
  readonly run: Declaration<O, N, R>['run'];
};

/** Checks the declaration by its types, and hides them from whoever only has a list of commands. */
export function defineCommand<
  const O extends Operands,
  const N extends OptionName,
  const R extends N = never,
>(declared: Declaration<O, N, R>): DefinedCommand<O, N, R> {
  const { needs = [], either = [], run } = declared;
  const command = { ...declared, operands: Object.values(declared.operands), needs, either };
  return {
    ...command,
    prepare: (typed) => {
      const wrong =
        wrongCount(command, typed.operands) ?? wrongOptions(command, new Set(typed.options.keys()));
      if (wrong !== undefined) return { wrong };
      const options = readOptions(declared.options, typed.options);
      if ('wrong' in options) return options;
      const operands = takeOperands(declared.operands, typed.operands);
      if ('wrong' in operands) return operands;
      const given = { operands: operands.value, options: options.value };
      // The names come from the declaration, and each value from the `read` or `take` that its type was inferred from.
      return { start: (context) => run(context, given as Given<O, N, R>) };
    },
    goOn: (context, given) => run(context, given as Given<O, N, R>),
  };
}

/** What these options are where nobody says anything. */
export function defaultsOf<const N extends OptionName>(names: readonly N[]): Options<N> {
  const read = readOptions(names, new Map());
  if ('wrong' in read) throw new Error(`an option without a value is wrong: ${read.wrong}`);
  return read.value;
}

function readOptions<const N extends OptionName>(
  names: readonly N[],
  typed: Typed['options'],
): Reading<Options<N>> {
  const values: [string, unknown][] = [];
  for (const name of names) {
    const read = optionOf(name).read(typed.get(name) ?? []);
    if ('wrong' in read) return read;
    values.push([name, read.value]);
  }
  return { value: Object.fromEntries(values) as Options<N> };
}

/** Each takes as many as it may; what may be left out stands last. */
function takeOperands(
  declared: Operands,
  words: readonly string[],
): Reading<Readonly<Record<string, unknown>>> {
  const values: [string, unknown][] = [];
  let at = 0;
  for (const [name, { count, take }] of Object.entries(declared)) {
    const taken = take(words.slice(at, at + count[1]));
    if ('wrong' in taken) return taken;
    values.push([name, taken.value]);
    at += count[1];
  }
  return { value: Object.fromEntries(values) };
}

/** RUN TEXT, [RUNBOOK], KEY SHARE SHARE... */
export function sayOperands({ operands }: Pick<Command, 'operands'>): string {
  return operands
    .flatMap(({ word, count: [least, most] }) =>
      least === 0
        ? [`[${word}${most > 1 ? '...' : ''}]`]
        : Array.from({ length: least }, (_, index) =>
            most > least && index === least - 1 ? `${word}...` : word,
          ),
    )
    .join(' ');
}

/** What runs when no command is named. */
export const firstCommand = 'home';

/** As it is typed. */
export function sayCommand({ name }: Pick<Command, 'name'>): string {
  return name === firstCommand ? 'thaw' : `thaw ${name}`;
}

function wrongCount(
  command: Pick<Command, 'name' | 'operands' | 'needs' | 'either'>,
  words: readonly string[],
): string | undefined {
  const { operands } = command;
  const least = operands.reduce((sum, { count }) => sum + count[0], 0);
  const most = operands.reduce((sum, { count }) => sum + count[1], 0);
  if (words.length >= least && words.length <= most) return undefined;
  const takes = operands.length === 0 ? 'takes no operand' : `takes ${sayOperands(command)}`;
  const given = words.length === 0 ? 'nothing was given' : `it was given ${words.join(' ')}`;
  return `${sayCommand(command)} ${takes}; ${given}`;
}

function wrongOptions(
  command: Pick<Command, 'name' | 'operands' | 'needs' | 'either'>,
  given: ReadonlySet<OptionName>,
): string | undefined {
  const spoken = (names: readonly OptionName[]) =>
    names.map((name) => `--${optionOf(name).flag}`).join(' and ');
  for (const group of command.either) {
    const both = group.filter((name) => given.has(name));
    if (both.length > 1) return `${spoken(both)} exclude each other`;
  }
  const missing = command.needs.filter((name) => !given.has(name));
  return missing.length === 0 ? undefined : `${sayCommand(command)} needs ${spoken(missing)}`;
}
