import { parseArgs } from 'node:util';
import { type OptionName, optionNames, optionOf } from '../app/options.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { type Command, firstCommand, type Start, sayCommand } from '../commands/command.ts';
import { noSuchCommand, noSuchOption, notItsOwn } from './did-you-mean.ts';

/** What was typed becomes a command that is ready to start, or a failure; whatever is not its own is refused before anything is done. */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): Outcome<Start> {
  const { operands: words, options } = splitWords(argv);
  const asks = options.find(({ flag }) => flag === 'help' || flag === 'version');
  // Whoever asks what there is may have said anything beside it.
  if (asks !== undefined) return parseQuestion(asks.flag, { words, commands });
  const found = findCommand(words, commands);
  if (!found.ok) {
    const unknown = options.map(({ flag }) => noSuchOption(flag, commands)).find((one) => one !== undefined);
    return unknown === undefined ? found : fail(unknown);
  }
  const { command, operands } = found.value;
  const byName = new Map<OptionName, string[]>();
  for (const { flag, value, isInline } of options) {
    const name = command.options.find((own) => optionOf(own).flag === flag);
    if (name === undefined) return fail(notItsOwn(flag, { command, commands }));
    const wrong = wrongValue(name, { value, isInline });
    if (wrong !== undefined) return fail(wrongUsage(command, wrong));
    byName.set(name, [...(byName.get(name) ?? []), value ?? '']);
  }
  const prepared = command.prepare({ operands, options: byName });
  if (!('wrong' in prepared)) return succeed(prepared.start);
  return fail(wrongUsage(command, prepared.wrong, ...(operands.length === 0 ? [commands] : [])));
}

type TypedOption = {
  readonly flag: string;
  readonly value: string | undefined;
  /** --flag=value, and not --flag value. */
  readonly isInline: boolean;
};

/** Which words are values of options is known from the vocabulary of all; whose an option is, is looked at afterwards. */
function splitWords(argv: readonly string[]): {
  readonly operands: readonly string[];
  readonly options: readonly TypedOption[];
} {
  const options = Object.fromEntries(
    optionNames.map((name) => {
      const { flag, value, short } = optionOf(name);
      const type = value === undefined ? ('boolean' as const) : ('string' as const);
      return [flag, { type, ...(short === undefined ? {} : { short }) }];
    }),
  );
  const { positionals, tokens } = parseArgs({
    ...{ args: [...argv], options, allowPositionals: true },
    ...{ strict: false, tokens: true },
  });
  return {
    operands: positionals,
    options: tokens.flatMap((one) =>
      one.kind === 'option' ? [{ flag: one.name, value: one.value, isInline: one.inlineValue === true }] : [],
    ),
  };
}

function parseQuestion(
  flag: string,
  at: { readonly words: readonly string[]; readonly commands: readonly Command[] },
): Outcome<Start> {
  const asked = at.commands.find(({ name }) => name === flag);
  if (asked === undefined) return fail(noSuchCommand([flag], at.commands));
  const operands = flag === 'help' ? at.words.slice(0, 2) : [];
  const prepared = asked.prepare({ operands, options: new Map() });
  return 'wrong' in prepared ? fail(wrongUsage(asked, prepared.wrong)) : succeed(prepared.start);
}

/** One word or two: `restore`, `records verify`. */
function findCommand(
  words: readonly string[],
  commands: readonly Command[],
): Outcome<{ readonly command: Command; readonly operands: readonly string[] }> {
  for (const count of [1, 2]) {
    const name = words.length === 0 ? firstCommand : words.slice(0, count).join(' ');
    const command = commands.find((one) => one.name === name);
    if (command !== undefined) return succeed({ command, operands: words.slice(count) });
  }
  return fail(noSuchCommand(words, commands));
}

function wrongValue(name: OptionName, typed: Pick<TypedOption, 'value' | 'isInline'>): string | undefined {
  const { flag, value: word } = optionOf(name);
  const { value, isInline } = typed;
  if (word === undefined) return value === undefined ? undefined : `--${flag} takes no value`;
  if (value === undefined) return `--${flag} needs ${word} behind it`;
  // The next option was taken for the value of this one.
  return !isInline && /^-./.test(value)
    ? `--${flag} needs ${word} behind it, not ${value}; a value that begins with a dash is written --${flag}=${value}`
    : undefined;
}

/** Where a runbook is wanted and none is named, one is at hand, or has to be written first. */
function wrongUsage(
  command: Command,
  ...[what, unnamed = []]: readonly [what: string, unnamed?: readonly Command[]]
): Failure {
  const wantsRunbook = command.operands.some(
    ({ completes, count }) => completes === 'runbook' && count[0] > 0,
  );
  // Named where this thaw has it.
  const init = unnamed.find(({ name }) => name === 'init');
  const writes =
    init === undefined
      ? 'docs/write-your-own.md shows how one is written'
      : `\`${sayCommand(init)}\` writes one`;
  const hint =
    wantsRunbook && unnamed.length > 0 ? `Name a runbook: \`thaw\` shows those at hand, ${writes}. ` : '';
  return {
    code: 'invalid-input',
    message: `${what}.`,
    remedy: `${hint}For example: ${command.examples[0]?.line ?? sayCommand(command)}; \`${sayCommand(command)} --help\` says more.`,
    retry: 'after-fix',
  };
}
