import { optionOf } from '../app/options.ts';
import { closestTo } from '../base/did-you-mean.ts';
import type { Failure } from '../base/failure.ts';
import { type Command, sayCommand, sayOperands } from '../commands/command.ts';

/** A command that does not exist, with the one that was probably meant. */
export function noSuchCommand(words: readonly string[], commands: readonly Command[]): Failure {
  const [first = '', second] = words;
  const actions = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (actions.length === 0) {
    const known = commands.flatMap(({ name }) => [name, name.replace(/ .*/, '')]);
    return invalid(
      `There is no command ${first}.`,
      `${didYouMean(closestTo(first, known))}\`thaw help\` names them all.`,
    );
  }
  const names = actions.map(({ name }) => name);
  const all = actions.map((one) => `${sayCommand(one)} ${sayOperands(one)}`.trim()).join(', ');
  return second === undefined
    ? invalid(`thaw ${first} needs an action.`, `There are: ${all}.`)
    : invalid(
        `There is no thaw ${first} ${second}.`,
        `${didYouMean(closestTo(`${first} ${second}`, names))}There are: ${all}.`,
      );
}

/** What an option is not, what was perhaps meant, and what there is. */
export function notItsOwn(
  typed: string,
  { command, commands }: { readonly command: Command; readonly commands: readonly Command[] },
): Failure {
  const owners = commands.filter(({ options }) => options.some((name) => optionOf(name).flag === typed));
  const own = command.options.map((name) => optionOf(name).flag);
  const close = closestTo(typed, own);
  const dashed = typed.length === 1 ? `-${typed}` : `--${typed}`;
  const hint =
    owners.length > 0
      ? `${dashed} belongs to ${owners.map(sayCommand).join(', ')}. `
      : close === undefined
        ? ''
        : `Did you mean --${close}? `;
  const spoken = sayCommand(command);
  const what = `${spoken} has no option ${dashed}. Nothing was done.`;
  const more = `\`${spoken} --help\` says what they do.`;
  if (close !== undefined && owners.length === 0) return invalid(what, `${hint}${more}`);
  return invalid(what, `${hint}${spoken} takes ${own.map((flag) => `--${flag}`).join(', ')}; ${more}`);
}

/** An option that nothing has takes what stands behind it for a command. */
export function noSuchOption(typed: string, commands: readonly Command[]): Failure | undefined {
  const known = [...new Set(commands.flatMap(({ options }) => options.map((name) => optionOf(name).flag)))];
  const shorts = commands.flatMap(({ options }) => options.map((name) => optionOf(name).short));
  if (known.includes(typed) || shorts.includes(typed)) return undefined;
  const close = closestTo(typed, known);
  const dashed = typed.length === 1 ? `-${typed}` : `--${typed}`;
  return invalid(
    `There is no option ${dashed}. Nothing was done.`,
    `${close === undefined ? '' : `Did you mean --${close}? `}A command comes first, and \`thaw COMMAND --help\` names its options.`,
  );
}

function invalid(message: string, remedy: string): Failure {
  return { code: 'invalid-input', message, remedy, retry: 'after-fix' };
}

function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : `Did you mean \`thaw ${name}\`? `;
}
