import { actionsOf, type CommandName, commandNames, commandTable, isCommand } from '../app/command-table.ts';
import { type OptionName, optionOf, optionTable } from '../app/option-table.ts';

const width = 118;

const statuses = `Exit status: 0 done and verified, 1 finished but something failed or could not be verified, 2 wrong usage or invalid
runbook, 3 preflight blockers, 4 an answer is missing, 5 stopped by the operator, 6 damaged or tampered record,
70 a bug of ours, 130 interrupted.
`;

/** Everything a person or a cron line can say. */
export function usage(): string {
  const options = (Object.keys(optionTable) as OptionName[]).filter((name) => name !== 'help');
  return [
    'thaw: a guided cold restore\n',
    ...commandNames.filter((name) => name !== 'version').map((name) => commandRow(name)),
    '\nRUNBOOK is a name under runbooks/ or a path. `thaw COMMAND --help` shows the options of one command: a command',
    'refuses those that are not its own.\n',
    ...options.map((name) => optionRow(name, whose(name))),
    `\n${statuses}`,
  ].join('\n');
}

/** One command and its own options; every action of a word like `records`. */
export function helpOf(words: readonly string[]): string | undefined {
  const [first = ''] = words;
  const whole = words.join(' ');
  if (isCommand(whole)) return pageOf(whole);
  if (isCommand(first)) return pageOf(first);
  const two = words.slice(0, 2).join(' ');
  if (isCommand(two)) return pageOf(two);
  const actions = actionsOf(whole);
  return actions.length === 0 ? undefined : actions.map(pageOf).join('\n');
}

function pageOf(name: CommandName): string {
  const { about, options } = commandTable[name];
  return [`${commandText(name)}\n`, `  ${about}\n`, ...options.map((one) => optionRow(one)), ''].join('\n');
}

function commandText(name: CommandName): string {
  return `thaw ${name === 'home' ? '' : name} ${commandTable[name].operands}`.replace(/ +/g, ' ').trim();
}

function commandRow(name: CommandName): string {
  const { operands, about } = commandTable[name];
  // The first operands stand below each other.
  return row(name === 'home' ? 'thaw' : `thaw ${name.padEnd(8)} ${operands}`.trim(), about);
}

function optionRow(name: OptionName, owners = ''): string {
  const { value, help } = optionOf(name);
  return row(`--${name}${value === undefined ? '' : ` ${value}`}`, `${owners}${help}`);
}

/** An option of one or two commands says whose it is. */
function whose(name: OptionName): string {
  const owners = commandNames.filter((command) => commandTable[command].options.includes(name));
  return owners.length > 2 || owners[0] === 'home' ? '' : `${owners.join(', ')}: `;
}

const column = 32;

function row(left: string, right: string): string {
  const start = `  ${left}`;
  const lines = wrap(right, width - column);
  const [first = '', ...more] = lines;
  const indented = more.map((line) => `\n${' '.repeat(column)}${line}`).join('');
  return start.length < column
    ? `${start.padEnd(column)}${first}${indented}`
    : `${start}\n${' '.repeat(column)}${first}${indented}`;
}

function wrap(text: string, at: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > at) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
