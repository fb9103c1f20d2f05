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
  return invalid(
    `${spoken} has no option ${dashed}. Nothing was done.`,
    `${hint}${spoken} takes ${own.map((flag) => `--${flag}`).join(', ')}; \`${spoken} --help\` says what they do.`,
  );
}

function invalid(message: string, remedy: string): Failure {
  return { code: 'invalid-input', message, remedy, retry: 'after-fix' };
}

function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : `Did you mean \`thaw ${name}\`? `;
}
